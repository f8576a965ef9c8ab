import type { KernelObject } from "../memory/object.ts"
import type { System } from "../system.ts"
import type { Steps } from "../time/steps.ts"
import { type FileNode, PAGE } from "./tree.ts"

/** Most pages that one request to the disk brings. */
const READ_AHEAD = 32
const GFP_READAHEAD = 0x1112ca

/** The page cache: what is in memory of files, and what is to be written to the disk. */
export class PageCache {
  readonly #system: System
  /** Files with pages that are to be written. */
  readonly #dirty = new Set<FileNode>()

  constructor(system: System) {
    this.#system = system
  }

  /** Reads bytes of a file: what is not in memory comes from the disk. */
  *read(node: FileNode, from: number, count: number): Steps<void> {
    const { kernel } = this.#system
    const last = Math.floor((from + count - 1) / PAGE)
    for (let index = Math.floor(from / PAGE); index <= last; index++) {
      if (!node.cached.has(index)) {
        const end = Math.max(index + 1, Math.min(Math.ceil(node.size / PAGE), index + READ_AHEAD))
        yield* this.#readAhead(node, index, end)
        yield* this.#transfer(node, "read", index, end - index)
      }
      const page = node.cached.get(index)
      yield* kernel.call("folio_mark_accessed", [page], undefined, 30)
      yield* kernel.call("mark_page_accessed", [page], undefined, 20)
    }
    yield Math.ceil(count / 16)
  }

  *#readAhead(node: FileNode, from: number, to: number): Steps<void> {
    const { kernel } = this.#system
    const mapping = node.inode.part("i_data")
    const control = kernel.memory.new("readahead_control", { mapping, _index: from, _nr_pages: to - from })
    yield* kernel.call("page_cache_ra_order", [control, 0])
    yield* kernel.call("page_cache_ra_unbounded", [control, to - from, 0], () => this.#add(node, from, to))
    kernel.memory.free(control)
  }

  *#add(node: FileNode, from: number, to: number): Steps<void> {
    for (let index = from; index < to; index++) {
      const page = yield* this.#system.kernel.call("filemap_alloc_folio_noprof", [GFP_READAHEAD, 0], () =>
        this.#system.allocator.page(),
      )
      yield* this.#keep(node, index, page)
    }
  }

  *#keep(node: FileNode, index: number, page: KernelObject): Steps<void> {
    const { kernel } = this.#system
    const mapping = node.inode.part("i_data")
    page.set({ mapping })
    node.cached.set(index, page)
    const fields = () => ({ pfn: index, i_ino: node.inode.get("i_ino"), index, s_dev: node.system.device })
    yield* kernel.call("filemap_add_folio", [mapping, page, index, GFP_READAHEAD], () => 0, 40)
    yield* kernel.call("add_to_page_cache_lru", [page, mapping, index, GFP_READAHEAD], () => 0, 0)
    kernel.tracepoint("filemap:mm_filemap_add_to_page_cache", fields, () => [page])
  }

  /** Writes bytes of a file to memory. */
  *write(node: FileNode, from: number, count: number): Steps<void> {
    const { kernel, allocator } = this.#system
    const last = Math.floor((from + count - 1) / PAGE)
    for (let index = Math.floor(from / PAGE); index <= last; index++) {
      if (!node.cached.has(index)) yield* this.#keep(node, index, yield* allocator.page())
      if (node.dirty.has(index)) continue
      node.dirty.add(index)
      const page = node.cached.get(index)
      yield* kernel.call("folio_account_dirtied", [page, node.inode.part("i_data")], undefined, 30)
      yield* kernel.call("mark_buffer_dirty", [0], undefined, 20)
      const fields = () => ({ ino: node.inode.get("i_ino"), index })
      kernel.tracepoint("writeback:writeback_dirty_folio", fields, () => [page, node.inode.part("i_data")])
    }
    if (node.system.disk !== undefined) this.#dirty.add(node)
    yield Math.ceil(count / 16)
  }

  /** Writes a file's pages to the disk. */
  *flush(node: FileNode): Steps<void> {
    const pages = [...node.dirty].sort((a, b) => a - b)
    node.dirty.clear()
    this.#dirty.delete(node)
    for (let i = 0; i < pages.length; i += READ_AHEAD) {
      const some = pages.slice(i, i + READ_AHEAD)
      yield* this.#transfer(node, "write", some[0], some.length)
    }
  }

  /** Writes all that is to be written, as the kernel does now and then. */
  *flushAll(): Steps<void> {
    const { kernel } = this.#system
    for (const node of [...this.#dirty]) {
      yield* kernel.call("writeback_sb_inodes", [node.system.superBlock], () => this.flush(node))
    }
  }

  /** Forgets a file's pages: it is cut to nothing, or removed. */
  drop(node: FileNode): void {
    const { kernel } = this.#system
    for (const [index, page] of node.cached) {
      const fields = () => ({ pfn: index, i_ino: node.inode.get("i_ino"), index, s_dev: node.system.device })
      kernel.tracepoint("filemap:mm_filemap_delete_from_page_cache", fields, () => [page])
      kernel.release(page)
    }
    node.cached.clear()
    node.dirty.clear()
    this.#dirty.delete(node)
  }

  *#transfer(node: FileNode, kind: "read" | "write", page: number, pages: number): Steps<void> {
    const { disk } = node.system
    if (disk !== undefined) yield* disk.transfer(kind, sectorOf(node, page), pages * PAGE)
  }
}

/** Where on the disk a page of a file lies: files lie one after another. */
function sectorOf(node: FileNode, page: number): number {
  return (node.inode.get("i_ino") * 2048 + page * 8) % 41_943_040
}
