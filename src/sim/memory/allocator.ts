import type { System } from "../system.ts"
import type { Steps } from "../time/steps.ts"
import type { KernelObject } from "./object.ts"

/** Flags of an ordinary allocation: it may sleep. */
const GFP_KERNEL = 0xcc0

/** Where memory for each processor lies, and the address of it that is the same for all of them. */
const CHUNK = 0xffff88813bc00000n
const PER_CPU = 0x607ec0000000n

/** Allocation of pages and of small pieces, as far as programs see it, and page faults. */
export class Allocator {
  readonly #system: System
  #frame = 0x10000
  /** What stands for all pages of processes. */
  readonly #page: KernelObject
  readonly #caches = new Map<string, KernelObject>()

  constructor(system: System) {
    this.#system = system
    this.#page = system.kernel.memory.new("page", {})
  }

  /** A page of a file is taken: `struct page`. */
  *page(): Steps<KernelObject> {
    const page = this.#system.kernel.memory.new("page", { "_refcount.counter": 2 })
    yield* this.#take(page)
    return page
  }

  *#take(page: KernelObject): Steps<void> {
    const { kernel } = this.#system
    const pfn = this.#frame++
    const fields = () => ({ pfn, order: 0, gfp_flags: GFP_KERNEL, migratetype: 1 })
    yield* kernel.call("should_fail_alloc_page", [GFP_KERNEL, 0], () => 0, 0)
    yield* kernel.call("__alloc_pages_noprof", [GFP_KERNEL, 0, 0, 0], () => page, 90)
    kernel.tracepoint("kmem:mm_page_alloc", fields, () => [page, 0, GFP_KERNEL, 1])
  }

  /** A piece of memory is taken from one of the kernel's caches, and given back by the function that comes out. */
  take(cache: string, size: number): () => void {
    const { kernel } = this.#system
    const { memory } = kernel
    let kept = this.#caches.get(cache)
    if (kept === undefined) {
      kept = memory.new("kmem_cache", { name: memory.string(cache), object_size: size, size })
      this.#caches.set(cache, kept)
    }
    const site = kernel.caller()
    const ptr = 0xffff888100000000n + BigInt(kernel.random() & 0xffffff00)
    kernel.callNow("should_failslab", [kept, GFP_KERNEL], () => 0)
    const sizes = { bytes_req: size, bytes_alloc: size, gfp_flags: GFP_KERNEL, node: -1 }
    kernel.callNow("kmem_cache_alloc_noprof", [kept, GFP_KERNEL], () => ptr)
    kernel.tracepoint(
      "kmem:kmem_cache_alloc",
      () => ({ call_site: site, ptr, name: cache, ...sizes }),
      () => [site, ptr, kept, GFP_KERNEL, -1],
    )
    return () => {
      const by = kernel.caller()
      kernel.callNow("kmem_cache_free", [kept, ptr])
      kernel.tracepoint(
        "kmem:kmem_cache_free",
        () => ({ call_site: by, ptr, name: cache }),
        () => [by, ptr, kept],
      )
    }
  }

  /** The same for a piece of any size. */
  kmalloc(size: number): () => void {
    const { kernel } = this.#system
    const site = kernel.caller()
    const ptr = 0xffff888100000000n + BigInt(kernel.random() & 0xffffff00)
    const room = 2 ** Math.ceil(Math.log2(Math.max(8, size)))
    kernel.callNow("__kmalloc_noprof", [size, GFP_KERNEL], () => ptr)
    kernel.tracepoint(
      "kmem:kmalloc",
      () => ({ call_site: site, ptr, bytes_req: size, bytes_alloc: room, gfp_flags: GFP_KERNEL, node: -1 }),
      () => [site, ptr, size, room, GFP_KERNEL, -1],
    )
    return () => {
      const by = kernel.caller()
      kernel.callNow("kfree", [ptr])
      kernel.tracepoint(
        "kmem:kfree",
        () => ({ call_site: by, ptr }),
        () => [by, ptr],
      )
    }
  }

  /** A piece of memory for each processor is taken, and given back by the function that comes out. */
  perCpu(size: number, align: number): () => void {
    const { kernel } = this.#system
    const site = kernel.caller()
    const off = (kernel.random() & 0xfff8) >>> 0
    const places = { base_addr: CHUNK, off, ptr: PER_CPU + BigInt(off) }
    const bytes = size * kernel.cpus
    kernel.tracepoint(
      "percpu:percpu_alloc_percpu",
      () => ({ ...places, call_site: site, size, align, bytes_alloc: bytes, gfp_flags: GFP_KERNEL }),
      () => [site, false, false, size, align, CHUNK, off, places.ptr, bytes, GFP_KERNEL],
    )
    return () =>
      kernel.tracepoint(
        "percpu:percpu_free_percpu",
        () => places,
        () => [CHUNK, off, places.ptr],
      )
  }

  /** A process touches memory that is not there yet. */
  *fault(address: bigint): Steps<void> {
    const { kernel } = this.#system
    const { current } = kernel
    const ip = 0x555555555200n
    current.frames.push("asm_exc_page_fault", "exc_page_fault", "do_user_addr_fault")
    const fields = () => ({ address, ip, error_code: 6 })
    kernel.tracepoint("exceptions:page_fault_user", fields, () => [address, current.regs, 6])
    this.#system.counters.count("page-faults", 1)
    const vmf = kernel.memory.new("vm_fault", { address, real_address: address })
    yield* kernel.call("handle_mm_fault", [0, address, 0x1255, current.regs], () =>
      kernel.call("do_anonymous_page", [vmf], () => this.#anonymous()),
    )
    kernel.memory.free(vmf)
    current.frames.length -= 3
    current.object.add("min_flt", 1)
  }

  *#anonymous(): Steps<number> {
    const { kernel } = this.#system
    yield* this.#take(this.#page)
    yield* kernel.call("clear_page_erms", [], undefined, 350)
    return 0
  }
}
