import { MILLISECOND, type Workload } from "./workload.ts"

const SIGHUP = 1
const SIGTERM = 15

/** What goes on in the background of a computer: a daemon that mounts, signals and cleans up, a monitor, and a program that needs too much memory. */
export const upkeep: Workload = {
  name: "upkeep",
  about: "mounts, signals, shared memory, and memory that runs short",
  start(system) {
    for (const [path, size] of [
      ["/etc/crontab", 900],
      ["/etc/hosts", 300],
      ["/usr/sbin/logrotate", 90_000],
      ["/usr/bin/chrome", 900_000],
    ] as const) {
      system.files.make(path, 0o100755, size)
    }
    const logger = system.spawn("rsyslogd", function* (process) {
      const log = yield* process.open("/var/log/syslog", "append")
      for (;;) {
        yield* process.write(log, 120)
        yield* process.sleep(process.random(60, 140) * MILLISECOND)
      }
    })
    system.spawn("cron", function* (cron) {
      for (let n = 0; ; n++) {
        yield* cron.run("/usr/sbin/logrotate", ["/etc/logrotate.conf"], function* (job) {
          yield* job.mount("tmpfs", "/mnt", "tmpfs")
          yield* job.rename("/var/log/syslog.old", "/var/log/syslog.older")
          const copy = yield* job.open("/var/log/syslog.old", "write")
          yield* job.write(copy, 20_000)
          yield* job.close(copy)
          yield* job.mkdir(`/var/spool/${n}`)
          yield* job.rmdir(`/var/spool/${n}`)
          yield* job.kill(logger.pid, SIGHUP)
          yield* job.umount("/mnt")
          yield* job.sync()
        })
        // A job that takes too long is ended.
        const slow = yield* cron.fork(late => late.sleep(900 * MILLISECOND))
        yield* cron.sleep(150 * MILLISECOND)
        yield* cron.kill(slow, SIGTERM)
        yield* cron.wait()
      }
    })
    system.spawn({ comm: "top", uid: 1000 }, function* (top) {
      for (;;) {
        const fd = yield* top.open("/proc/stat")
        const text = yield* top.malloc(4096)
        yield* top.read(fd, 4096)
        yield* top.write(1, "tasks: 40 total")
        yield* top.free(text)
        yield* top.close(fd)
        yield* top.kill(1, 0)
        yield* top.shareMemory(42, 65_536)
        yield* top.sleep(90 * MILLISECOND)
      }
    })
    system.files.make("/proc/stat", 0o100444)
    system.spawn({ comm: "chrome", uid: 1000 }, function* (browser) {
      for (;;) {
        yield* browser.run("/usr/bin/chrome", ["--type=renderer"], function* (renderer) {
          yield* renderer.thread(thread => thread.compute(3 * MILLISECOND))
          yield* renderer.malloc(1_000_000)
          yield* renderer.touch(60)
          yield* renderer.exhaust()
          yield* renderer.exhaustAll()
        })
        yield* browser.sleep(200 * MILLISECOND)
      }
    })
  },
}
