import type { System } from "../system.ts"
import type { Steps } from "../time/steps.ts"
import { type FileNode, PAGE } from "./tree.ts"

/** Most pages that one request to the disk brings. */
const READ_AHEAD = 32

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
    const { kernel, disk } = this.#system
    const last = Math.floor((from + count - 1) / PAGE)
    for (let page = Math.floor(from / PAGE); page <= last; page++) {
      if (!node.cached.has(page)) {
        const mapping = node.inode.part("i_data")
        const end = Math.max(page + 1, Math.min(Math.ceil(node.size / PAGE), page + READ_AHEAD))
        yield* kernel.call("page_cache_ra_order", [mapping, 0, 0])
        yield* kernel.call("do_page_cache_ra", [mapping, end - page, 0], () => this.#add(node, page, end))
        yield* disk.transfer("read", sectorOf(node, page), (end - page) * PAGE)
      }
      yield* kernel.call("folio_mark_accessed", [node.inode], undefined, 30)
      yield* kernel.call("mark_page_accessed", [node.inode], undefined, 20)
    }
    yield Math.ceil(count / 16)
  }

  *#add(node: FileNode, from: number, to: number): Steps<void> {
    const { kernel, allocator } = this.#system
    for (let page = from; page < to; page++) {
      yield* allocator.page()
      node.cached.add(page)
      const fields = () => ({ pfn: page, i_ino: node.inode.get("i_ino"), index: page, s_dev: node.system.device })
      yield* kernel.call("filemap_add_folio", [node.inode.part("i_data"), 0, page], () => 0, 40)
      yield* kernel.call("add_to_page_cache_lru", [0, node.inode.part("i_data"), page], () => 0, 0)
      kernel.tracepoint("filemap:mm_filemap_add_to_page_cache", fields, () => [0])
    }
  }

  /** Writes bytes of a file to memory. */
  *write(node: FileNode, from: number, count: number): Steps<void> {
    const { kernel, allocator } = this.#system
    const last = Math.floor((from + count - 1) / PAGE)
    for (let page = Math.floor(from / PAGE); page <= last; page++) {
      if (!node.cached.has(page)) {
        yield* allocator.page()
        node.cached.add(page)
        yield* kernel.call("filemap_add_folio", [node.inode.part("i_data"), 0, page], () => 0, 40)
      }
      if (!node.dirty.has(page)) {
        node.dirty.add(page)
        yield* kernel.call("folio_account_dirtied", [0, node.inode.part("i_data")], undefined, 30)
        yield* kernel.call("mark_buffer_dirty", [0], undefined, 20)
        kernel.tracepoint("writeback:writeback_dirty_folio", () => ({ ino: node.inode.get("i_ino"), index: page }))
      }
    }
    this.#dirty.add(node)
    yield Math.ceil(count / 16)
  }

  /** Writes a file's pages to the disk. */
  *flush(node: FileNode): Steps<void> {
    const { disk } = this.#system
    const pages = [...node.dirty].sort((a, b) => a - b)
    node.dirty.clear()
    this.#dirty.delete(node)
    for (let i = 0; i < pages.length; i += READ_AHEAD) {
      const some = pages.slice(i, i + READ_AHEAD)
      yield* disk.transfer("write", sectorOf(node, some[0]), some.length * PAGE)
    }
  }

  /** Writes all that is to be written, as the kernel does now and then. */
  *flushAll(): Steps<void> {
    const { kernel } = this.#system
    for (const node of [...this.#dirty]) {
      yield* kernel.call("writeback_sb_inodes", [node.system.superBlock], () => this.flush(node))
    }
  }
}

/** Where on the disk a page of a file lies: files lie one after another. */
function sectorOf(node: FileNode, page: number): number {
  return (node.inode.get("i_ino") * 2048 + page * 8) % 41_943_040
}
