import { MILLISECOND, type Workload } from "./workload.ts"

/** Containers are started, and something is run in them. */
export const containers: Workload = {
  name: "containers",
  about: "containers with namespaces and a control group of their own",
  start(system) {
    system.files.make("/usr/bin/runc", 0o100755, 400_000)
    system.files.make("/usr/bin/redis", 0o100755, 300_000)
    system.spawn("containerd", function* (daemon) {
      for (let n = 0; ; n++) {
        yield* daemon.run("/usr/bin/runc", ["run", `box${n}`], function* (runc) {
          yield* runc.unshare("mount", "cgroup")
          yield* runc.joinGroup(`/system.slice/box${n % 4}.scope`)
          yield* runc.mount("tmpfs", `/run/box${n}`, "tmpfs")
          yield* runc.mkdir(`/run/box${n}/data`)
          yield* runc.exec("/usr/bin/redis", ["--save", ""])
          yield* runc.touch(20)
          yield* runc.compute(2 * MILLISECOND)
          yield* runc.umount(`/run/box${n}`)
        })
        yield* daemon.sleep(daemon.random(120, 300) * MILLISECOND)
      }
    })
  },
}
