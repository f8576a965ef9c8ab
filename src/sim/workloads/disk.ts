import { MILLISECOND, type Workload } from "./workload.ts"

/** A database that writes a journal and brings it to the disk, and a backup that reads all of it. */
export const disk: Workload = {
  name: "disk",
  about: "a database writes its journal, a backup reads",
  start(system) {
    system.files.make("/var/lib/db/table", 0o100600, 40_000_000)
    system.spawn("postgres", function* (database) {
      const journal = yield* database.open("/var/lib/db/journal", "append")
      const pages = database.mutex()
      const table = yield* database.open("/var/lib/db/table", "both")
      yield* database.thread(function* (checkpointer) {
        for (;;) {
          yield* checkpointer.sleep(250 * MILLISECOND)
          yield* checkpointer.lock(pages)
          yield* checkpointer.write(table, checkpointer.random(200, 800) * 8192)
          yield* checkpointer.unlock(pages)
          yield* checkpointer.fsync(table)
        }
      })
      for (;;) {
        yield* database.read(table, 8192)
        yield* database.lock(pages)
        yield* database.compute(database.random(100, 900) * 1000)
        yield* database.unlock(pages)
        yield* database.write(journal, database.random(1, 5) * 4096)
        yield* database.fsync(journal)
        yield* database.sleep(database.random(1, 20) * MILLISECOND)
      }
    })
    system.spawn("tar", function* (backup) {
      const fd = yield* backup.open("/var/lib/db/table")
      for (let n = 0; ; n++) {
        const archive = yield* backup.open(`/tmp/backup.${n}`, "write")
        yield* backup.read(fd, 262_144)
        yield* backup.write(archive, 262_144)
        yield* backup.close(archive)
        if (n > 0) yield* backup.unlink(`/tmp/backup.${n - 1}`)
        yield* backup.sleep(60 * MILLISECOND)
      }
    })
  },
}
