import type { Process } from "../process/process.ts"
import type { Steps } from "../time/steps.ts"
import { MILLISECOND, type Workload } from "./workload.ts"

/** Commands that somebody types, with what each does. */
const COMMANDS: readonly (readonly [
  path: string,
  args: readonly string[],
  act: (process: Process) => Steps<unknown>,
])[] = [
  ["/usr/bin/ls", ["-l"], ls],
  ["/usr/bin/cat", ["/etc/hosts"], cat],
  ["/usr/bin/grep", ["-r", "main", "src"], grep],
  ["/usr/bin/gcc", ["-O2", "-c", "main.c"], gcc],
  ["/usr/bin/git", ["status"], grep],
  ["/usr/bin/sleep", ["0.1"], process => process.sleep(100 * MILLISECOND)],
]

/** What all programs of the C library do when they start. */
function* start(process: Process): Steps<void> {
  for (const library of ["/etc/ld.so.cache", "/usr/lib/x86_64-linux-gnu/libc.so.6"]) {
    const fd = yield* process.open(library)
    yield* process.read(fd, 832)
    yield* process.close(fd)
  }
  yield* process.open("/etc/locale.alias")
  yield* process.free(yield* process.malloc(1024))
  yield* process.touch(3)
}

function* ls(process: Process): Steps<void> {
  for (const name of ["Makefile", "main.c", "util.c", "missing.c"]) yield* process.stat(`/srv/bees/${name}`)
  yield* process.write(1, 180)
}

function* cat(process: Process): Steps<void> {
  const fd = yield* process.open("/etc/hosts")
  while ((yield* process.read(fd, 131_072)) > 0) yield* process.write(1, 300)
  yield* process.close(fd)
}

function* grep(process: Process): Steps<void> {
  for (const name of ["Makefile", "main.c", "util.c"]) {
    const fd = yield* process.open(`/srv/bees/${name}`)
    yield* process.read(fd, 32_768)
    yield* process.compute(process.random(1, 4) * MILLISECOND)
    yield* process.close(fd)
  }
}

function* gcc(process: Process): Steps<void> {
  yield* process.run("/usr/lib/gcc/cc1", ["main.c"], function* (cc1) {
    yield* grep(cc1)
    yield* cc1.touch(40)
    yield* cc1.compute(cc1.random(15, 60) * MILLISECOND)
    const fd = yield* cc1.open("/tmp/ccX.s", "write")
    yield* cc1.write(fd, 20_000)
    yield* cc1.close(fd)
  })
  const fd = yield* process.open("/srv/bees/main.o", "write")
  yield* process.write(fd, 30_000)
  yield* process.close(fd)
  yield* process.unlink("/tmp/ccX.s")
}

/** Somebody at a shell: commands, one after another, with a pause to think. */
export const shell: Workload = {
  name: "shell",
  about: "somebody at a shell starts commands",
  start(system) {
    for (const [path] of COMMANDS) system.files.make(path, 0o100755, 140_000)
    system.files.make("/usr/lib/gcc/cc1", 0o100755, 900_000)
    system.files.make("/usr/lib/x86_64-linux-gnu/libc.so.6", 0o100755, 1_900_000)
    for (const [path, size] of [
      ["/etc/ld.so.cache", 30_000],
      ["/etc/hosts", 300],
      ["/srv/bees/main.c", 24_000],
      ["/srv/bees/util.c", 9_000],
      ["/srv/bees/Makefile", 700],
    ] as const) {
      system.files.make(path, 0o100644, size)
    }
    system.spawn({ comm: "bash", uid: 1000 }, function* (bash) {
      for (let i = 0; ; i++) {
        const [path, args, act] = COMMANDS[i % COMMANDS.length]
        yield* bash.readline(`${path} ${args.join(" ")}`)
        yield* bash.run(path, args, function* (process) {
          yield* start(process)
          yield* act(process)
        })
        yield* bash.sleep(bash.random(30, 160) * MILLISECOND)
      }
    })
  },
}
