import type { KernelObject } from "../memory/object.ts"
import type { System } from "../system.ts"
import { UNINTERRUPTIBLE } from "../tasks/task.ts"
import { BLOCK, type Steps } from "../time/steps.ts"

/** Bytes of a sector. */
const SECTOR = 512
/** Of the virtio disks: the first number that Debian's kernel gives away. */
const MAJOR = 254
/** Minor numbers of a disk: itself and its partitions. */
const MINORS = 16
const REQ_OP_WRITE = 1
const REQ_SYNC = 1 << 11
/** Requests that the device works on at once. */
const DEPTH = 64
/** Number of the first device's interrupt. */
const FIRST_IRQ = 27

/** A disk with a queue: requests wait, are issued, and an interrupt tells that they are done. */
export class Disk {
  readonly #system: System
  /** Its name in `/dev`. */
  readonly name: string
  /** Major << 20 | minor. */
  readonly number: number
  readonly device: KernelObject
  readonly #irq: number
  readonly #queue: KernelObject
  readonly #action: KernelObject
  readonly #ring: KernelObject
  /** `struct scatterlist *[2]` */
  readonly #scatters: KernelObject
  #underWay = 0
  #tag = 0

  /** The disk `vda` at index 0, `vdb` at 1, … */
  constructor(system: System, index: number) {
    this.#system = system
    this.name = `vd${String.fromCharCode(97 + index)}`
    this.number = (MAJOR << 20) | (index * MINORS)
    this.#irq = FIRST_IRQ + index
    const { memory, names } = system.kernel
    const numbers = { major: MAJOR, first_minor: index * MINORS, minors: MINORS }
    const disk = memory.new("gendisk", { ...numbers, disk_name: this.name })
    this.#queue = memory.new("request_queue", { disk, nr_requests: DEPTH, queue_depth: DEPTH })
    this.device = memory.new("block_device", {
      bd_disk: disk,
      bd_queue: this.#queue,
      bd_dev: this.number,
      bd_nr_sectors: 41_943_040,
    })
    disk.set({ part0: this.device, queue: this.#queue })
    const driver = memory.new("device_driver", { name: memory.string("virtio_blk") })
    const device = memory.new("virtio_device", {
      "dev.driver": driver,
      "dev.kobj.name": memory.string(`virtio${index}`),
    })
    this.#ring = memory.new("virtqueue", { name: memory.string("req.0"), vdev: device, num_max: 256, num_free: 200 })
    const scatter = memory.new("scatterlist", { page_link: 2, length: 4096 })
    const scatters = memory.bytes(16)
    for (const at of [0, 8]) memory.linear.view.setBigUint64(scatters.offset + at, scatter.address, true)
    this.#scatters = scatters
    this.#action = memory.new("irqaction", { irq: this.#irq, name: memory.string(this.#vector) })
    this.#action.set({ handler: names.address("vring_interrupt") })
  }

  /** Name of its interrupt. */
  get #vector(): string {
    return `virtio${this.#irq - FIRST_IRQ}-req.0`
  }

  /** Reads or writes sectors: the task waits until the device is done. */
  *transfer(kind: "read" | "write", sector: number, bytes: number): Steps<void> {
    const { kernel, scheduler } = this.#system
    const { memory } = kernel
    const task = kernel.current
    const write = kind === "write"
    const flags = write ? REQ_OP_WRITE | REQ_SYNC : 0
    const bio = memory.new("bio", {
      bi_bdev: this.device,
      bi_opf: flags,
      "bi_iter.bi_sector": sector,
      "bi_iter.bi_size": bytes,
      bi_vcnt: 1,
    })
    let done = false
    const request = memory.new("request", {
      q: this.#queue,
      cmd_flags: flags,
      tag: this.#tag++ % DEPTH,
      __data_len: bytes,
      __sector: sector,
      bio,
      biotail: bio,
      part: this.device,
      start_time_ns: kernel.now(),
      nr_phys_segments: 1,
      stats_sectors: bytes / SECTOR,
    })
    const rwbs = write ? "WS" : "RA"
    const place = () => ({ dev: this.number, sector, nr_sector: bytes / SECTOR, rwbs, comm: task.comm, cmd: "" })
    yield* kernel.call("submit_bio", [bio], () => this.#submit(bio, request, place, bytes))
    this.#issue(request, place, bytes, () => {
      done = true
      scheduler.wake(task)
    })
    while (!done) {
      task.state = UNINTERRUPTIBLE
      yield* kernel.call(
        "io_schedule",
        [],
        function* () {
          if (!done) yield BLOCK
        },
        0,
      )
    }
    memory.free(request)
    memory.free(bio)
  }

  *#submit(bio: KernelObject, request: KernelObject, place: Place, bytes: number): Steps<void> {
    const { kernel } = this.#system
    kernel.tracepoint("block:block_bio_queue", place, () => [bio])
    yield* kernel.call("should_fail_bio", [bio], () => 0, 0)
    const { frames } = kernel.current
    frames.push("blk_mq_submit_bio")
    kernel.tracepoint("block:block_getrq", place, () => [bio])
    // Until Linux 6.0 a function of its own, which programs trace; the tracepoint took its place in 6.5.
    yield* kernel.call("__blk_account_io_start", [request], undefined, 40)
    kernel.tracepoint(
      "block:block_io_start",
      () => ({ ...place(), bytes }),
      () => [request],
    )
    kernel.tracepoint(
      "block:block_rq_insert",
      () => ({ ...place(), bytes }),
      () => [request],
    )
    yield kernel.between(300, 1500)
    frames.pop()
  }

  #issue(request: KernelObject, place: Place, bytes: number, done: () => void): void {
    const { kernel } = this.#system
    this.#underWay++
    request.set({ io_start_time_ns: kernel.now(), state: 1 })
    const { frames } = kernel.current
    frames.push("blk_mq_dispatch_rq_list", "virtio_queue_rq")
    kernel.callNow("blk_mq_start_request", [request], () => {
      kernel.tracepoint(
        "block:block_rq_issue",
        () => ({ ...place(), bytes }),
        () => [request],
      )
    })
    const out = request.get("cmd_flags") & 1
    kernel.callNow("virtqueue_add_sgs", [this.#ring, this.#scatters, out, 1 - out, request, 0], () => 0)
    frames.length -= 2
    // A device on a network: slow now and then, slower when it has much to do.
    const slow = kernel.chance(4) ? kernel.between(2_000_000, 9_000_000) : 0
    const time = 60_000 + bytes * 2 + kernel.between(0, 140_000) + this.#underWay * 20_000 + slow
    const cpu = kernel.cpu()
    kernel.after(time, () => this.#complete(cpu, request, place, bytes, done))
  }

  #complete(cpu: number, request: KernelObject, place: Place, bytes: number, done: () => void): void {
    const { interrupts } = this.#system
    this.#underWay--
    interrupts.device(cpu, this.#irq, this.#vector, this.#action, () =>
      interrupts.softirqAfter(cpu, "BLOCK", () => this.#end(request, place, bytes, done)),
    )
  }

  *#end(request: KernelObject, place: Place, bytes: number, done: () => void): Steps<void> {
    const { kernel } = this.#system
    const fields = () => ({ ...place(), error: 0 })
    yield* kernel.call("blk_mq_end_request", [request, 0], function* () {
      kernel.tracepoint("block:block_rq_complete", fields, () => [request, 0, bytes])
      yield* kernel.call("blk_account_io_done", [request, kernel.now()], undefined, 40)
      kernel.tracepoint(
        "block:block_io_done",
        () => ({ ...place(), bytes }),
        () => [request],
      )
      yield* kernel.call("bio_endio", [request.big("bio")], undefined, 60)
    })
    done()
  }
}

type Place = () => {
  dev: number
  sector: number
  nr_sector: number
  rwbs: string
  comm: string
  cmd: string
}
