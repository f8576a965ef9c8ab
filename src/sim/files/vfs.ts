import type { KernelObject, UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"
import { KINDS } from "./systems.ts"
import { type FileNode, type OpenFile, S_IFREG } from "./tree.ts"

/** Error numbers that calls give as negative results. */
export const ENOENT = 2
export const EBADF = 9

/** Flags of open. */
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_CREAT = 0o100
export const O_TRUNC = 0o1000
export const O_APPEND = 0o2000
const FMODE_READ = 1
const FMODE_WRITE = 2
/** `-100`: the folder that the process is in. */
export const AT_FDCWD = -100

/** What the kernel does with files as a whole: paths, opening, closing, asking. */
export class Vfs {
  readonly #system: System
  /** Files whose dentries have been looked up. */
  readonly #known = new Set<FileNode>()

  constructor(system: System) {
    this.#system = system
  }

  /** Opens a file, or makes it: its descriptor, or a negative error number. `name` is the path in the memory of the process. */
  *openat(task: Task, path: string, flags: number, mode: number, name: UserPointer): Steps<number> {
    const { kernel } = this.#system
    const { memory } = kernel
    const how = memory.new("open_how", { flags, mode })
    const result = yield* kernel.call("do_sys_open", [AT_FDCWD, name, flags, mode], () =>
      kernel.call("do_sys_openat2", [AT_FDCWD, name, how], () => this.#open(task, path, flags, mode, name)),
    )
    memory.free(how)
    return result
  }

  *#open(task: Task, path: string, flags: number, mode: number, name: UserPointer): Steps<number> {
    const { kernel, allocator } = this.#system
    const { memory } = kernel
    const text = memory.string(path)
    const free = allocator.take("names_cache", 4096)
    const filename = memory.new("filename", { name: text, uptr: name, "refcnt.counter": 1 })
    yield* kernel.call("getname_flags", [name, 0], () => filename)
    let fd = -ENOENT
    yield* kernel.call("do_filp_open", [AT_FDCWD, filename], () => this.walk(path))
    let node = this.#system.files.find(path)
    if (node === undefined && (flags & O_CREAT) !== 0) node = yield* this.#create(path, mode)
    if (node !== undefined) {
      const opened = yield* this.#openNode(task, node, flags)
      if (typeof opened === "number") fd = opened
      else {
        fd = this.install(task, opened)
        yield* kernel.call("fd_install", [fd, opened.file])
      }
    }
    memory.free(filename)
    memory.free(text)
    free()
    return fd
  }

  /** The file of a path, which is looked up; undefined where there is none. */
  *look(path: string): Steps<FileNode | undefined> {
    yield* this.walk(path)
    return this.#system.files.find(path)
  }

  /** Looks a path up, part by part, in the cache of dentries. */
  *walk(path: string): Steps<void> {
    const { kernel, files } = this.#system
    yield* kernel.call("link_path_walk", [], undefined, 150)
    let at = ""
    for (const part of path.split("/").filter(name => name !== "")) {
      const parent = files.find(at === "" ? "/" : at)
      at = `${at}/${part}`
      const child = files.find(at)
      const first = child !== undefined && !this.#known.has(child)
      yield* kernel.call("lookup_fast", [parent?.dentry], undefined, 60)
      if (parent !== undefined && (child === undefined || first)) {
        const name = kernel.memory.string(part)
        const qstr = kernel.memory.new("qstr", { name, len: part.length })
        yield* kernel.call("d_lookup", [parent.dentry, qstr], () => (first ? undefined : child?.dentry), 90)
        if (first) yield* kernel.call("d_alloc_parallel", [parent.dentry, qstr], () => child.dentry, 200)
        kernel.memory.free(qstr)
        kernel.memory.free(name)
      }
      if (child !== undefined) this.#known.add(child)
    }
  }

  *#create(path: string, mode: number): Steps<FileNode> {
    const { kernel, files } = this.#system
    const node = files.make(path, S_IFREG | mode)
    const dir = node.parent?.inode
    yield* kernel.call("security_inode_create", [dir, node.dentry, mode], () => 0)
    yield* kernel.call("vfs_create", [0n, dir, node.dentry, S_IFREG | mode, 0], () => 0)
    this.#known.add(node)
    return node
  }

  /** An open file, without any of what opening does. */
  opened(task: Task, node: FileNode, flags: number): OpenFile {
    const { kernel } = this.#system
    const access = flags & 3
    const file = kernel.memory.new("file", {
      f_mode: access === O_WRONLY ? FMODE_WRITE : access === O_RDWR ? FMODE_READ | FMODE_WRITE : FMODE_READ,
      f_flags: flags,
      f_op: this.#system.files.operations(node.system.type, node.mode),
      f_inode: node.inode,
      f_mapping: node.inode.part("i_data"),
      f_cred: task.object.big("cred"),
      "f_path.dentry": node.dentry,
      "f_path.mnt": node.system.vfsmount,
    })
    return { file, node, position: 0 }
  }

  *#openNode(task: Task, node: FileNode, flags: number): Steps<OpenFile | number> {
    const { kernel } = this.#system
    const opened = this.opened(task, node, flags)
    const { file } = opened
    const refused = yield* kernel.call("vfs_open", [file.part("f_path"), file], () => this.#doOpen(node, file))
    if (refused !== 0) {
      kernel.release(file)
      return refused
    }
    if ((flags & O_TRUNC) !== 0) this.#truncate(node)
    if ((flags & O_APPEND) !== 0) opened.position = node.size
    return opened
  }

  #truncate(node: FileNode): void {
    node.size = 0
    node.inode.set({ i_size: 0 })
    this.#system.pages.drop(node)
  }

  *#doOpen(node: FileNode, file: KernelObject): Steps<number> {
    const { kernel } = this.#system
    const refused = yield* kernel.call("security_file_open", [file], () => 0, 80)
    if (refused !== 0) return refused
    const names = KINDS[node.system.type]?.open ?? []
    return yield* kernel.nested(names, [node.inode, file], () => 0)
  }

  /** Gives an open file the lowest free descriptor. */
  install(task: Task, opened: OpenFile): number {
    let fd = 3
    while (task.files.has(fd)) fd++
    task.files.set(fd, opened)
    return fd
  }

  /** Closes a descriptor. */
  *close(task: Task, fd: number): Steps<number> {
    const { kernel } = this.#system
    const opened = task.files.get(fd)
    if (opened === undefined) return -EBADF
    task.files.delete(fd)
    yield* kernel.call("filp_close", [opened.file, 0], () => 0)
    if (this.#isOpen(other => other === opened)) return 0
    yield* kernel.call("__fput", [opened.file], opened.release, 100)
    kernel.release(opened.file)
    const { node } = opened
    // A socket's, a pipe's.
    if (node.parent === undefined && node !== this.#system.files.root) kernel.release(node.inode, node.dentry)
    return 0
  }

  /** What is known of a file, by its path: 0, or a negative error number. */
  *stat(path: string, name: UserPointer, buffer: UserPointer): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("vfs_statx", [AT_FDCWD, name, 0, buffer, 0], () => this.#stat(path))
  }

  *#stat(path: string): Steps<number> {
    const { kernel, files } = this.#system
    yield* this.walk(path)
    const node = files.find(path)
    if (node === undefined) return -ENOENT
    yield* kernel.call("vfs_getattr", [node.dentry], () => 0)
    return 0
  }

  /** Takes a file out of its folder; its memory goes when nobody has it open. */
  forget(node: FileNode): void {
    const { kernel, files } = this.#system
    files.remove(node)
    this.#known.delete(node)
    if (this.#isOpen(other => other.node === node)) return
    this.#system.pages.drop(node)
    kernel.release(node.inode, node.dentry)
  }

  #isOpen(test: (opened: OpenFile) => boolean): boolean {
    for (const task of this.#system.processes()) for (const opened of task.files.values()) if (test(opened)) return true
    return false
  }
}
