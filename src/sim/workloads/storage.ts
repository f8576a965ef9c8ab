import { MILLISECOND, type Workload } from "./workload.ts"

/** Two more disks: photographs on btrfs, and films on XFS, which are read, written and brought to the disk. */
export const storage: Workload = {
  name: "storage",
  about: "photographs on btrfs, films on XFS",
  start(system) {
    const [, photos, films] = system.disks
    system.files.mount("/srv/photos", "btrfs", photos)
    system.files.mount("/srv/films", "xfs", films)
    system.files.make("/srv/films/bees.mkv", 0o100644, 80_000_000)
    system.spawn({ comm: "rsync", uid: 1000 }, function* (rsync) {
      for (let n = 0; ; n++) {
        const fd = yield* rsync.open(`/srv/photos/img_${n}.jpg`, "write")
        for (let part = rsync.random(2, 9); part > 0; part--) yield* rsync.write(fd, 262_144)
        yield* rsync.fsync(fd)
        yield* rsync.close(fd)
        yield* rsync.link(`/srv/photos/img_${n}.jpg`, `/srv/photos/best_${n}.jpg`)
        yield* rsync.chmod(`/srv/photos/img_${n}.jpg`, 0o444)
        yield* rsync.sleep(rsync.random(40, 120) * MILLISECOND)
      }
    })
    system.spawn({ comm: "ffmpeg", uid: 1000 }, function* (ffmpeg) {
      const film = yield* ffmpeg.open("/srv/films/bees.mkv")
      const small = yield* ffmpeg.open("/srv/films/bees.webm", "write")
      for (let frame = 1; ; frame++) {
        yield* ffmpeg.read(film, 131_072)
        yield* ffmpeg.compute(ffmpeg.random(1, 6) * MILLISECOND)
        yield* ffmpeg.write(small, 16_384)
        if (frame % 8 === 0) yield* ffmpeg.fsync(small)
        yield* ffmpeg.sleep(ffmpeg.random(5, 30) * MILLISECOND)
      }
    })
  },
}
