import type { Disk } from "../block/disk.ts"
import { SleepingLock } from "../locks/lock.ts"
import type { KernelObject } from "../memory/object.ts"
import type { System } from "../system.ts"
import type { Steps } from "../time/steps.ts"
import { operationsOf } from "./systems.ts"

/** Types of files, as the upper bits of a mode have them. */
export const S_IFDIR = 0o040000
export const S_IFREG = 0o100000
export const S_IFCHR = 0o020000
export const S_IFSOCK = 0o140000
export const S_IFIFO = 0o010000
export const S_IFLNK = 0o120000

/** A file system of the simulated computer. */
export interface FileSystem {
  /** Name of its kind: `ext4`. */
  readonly type: string
  readonly superBlock: KernelObject
  readonly mount: KernelObject
  /** `struct vfsmount` in it. */
  readonly vfsmount: KernelObject
  /** Number of its device: major << 20 | minor. */
  readonly device: number
  /** Where its files lie. */
  readonly disk: Disk | undefined
}

/** A file or a folder. */
export interface FileNode {
  readonly name: string
  readonly parent: FileNode | undefined
  readonly system: FileSystem
  readonly inode: KernelObject
  readonly dentry: KernelObject
  readonly mode: number
  readonly children: Map<string, FileNode>
  /** Bytes. */
  size: number
  /** Pages that are in memory, by their index: `struct page`. */
  readonly cached: Map<number, KernelObject>
  /** Pages that are to be written to the disk. */
  readonly dirty: Set<number>
  /** `i_rwsem`, held by who writes. */
  readonly lock: SleepingLock
}

/** An open file: what a descriptor leads to. */
export interface OpenFile {
  readonly file: KernelObject
  readonly node: FileNode
  position: number
  /** Something else than a file of a disk: a pipe's other end, a socket. */
  readonly behind?: unknown
  /** What is to be done when nobody has it open any more. */
  readonly release?: () => Steps<void> | void
}

/** Bytes of a page. */
export const PAGE = 4096

/** Folders and files by their paths, with inodes and dentries in the kernel's memory. */
export class FileTree {
  readonly #system: System
  readonly root: FileNode
  /** File systems that no path leads to, by kind. */
  readonly #nameless = new Map<string, FileSystem>()
  readonly #tables = new Map<string, KernelObject>()
  #inodes = 1000
  #mounts = 20

  constructor(system: System, disk: Disk) {
    this.#system = system
    const own = this.#fileSystem("ext4", disk.name, disk)
    this.root = this.#node("/", undefined, own, S_IFDIR | 0o755)
    this.#mounted(own, this.root)
    for (const [path, type] of [
      ["/proc", "proc"],
      ["/dev", "devtmpfs"],
      ["/sys", "sysfs"],
      ["/tmp", "tmpfs"],
    ]) {
      this.mount(path, type)
    }
  }

  /** The file of a path; undefined where there is none. */
  find(path: string): FileNode | undefined {
    let node: FileNode | undefined = this.root
    for (const name of parts(path)) node = node?.children.get(name)
    return node
  }

  /** The file of a path, made with the folders above it where it is not there. */
  make(path: string, mode = S_IFREG | 0o644, size = 0): FileNode {
    const names = parts(path)
    let node = this.root
    for (const [i, name] of names.entries()) {
      const last = i === names.length - 1
      let child = node.children.get(name)
      if (child === undefined) {
        child = this.#node(name, node, node.system, last ? mode : S_IFDIR | 0o755, last ? size : PAGE)
        node.children.set(name, child)
      }
      node = child
    }
    return node
  }

  /** A file that no folder has: a socket, a pipe. */
  nameless(name: string, type: string, mode: number): FileNode {
    let system = this.#nameless.get(type)
    if (system === undefined) this.#nameless.set(type, (system = this.#fileSystem(type, type)))
    return this.#node(name, undefined, system, mode)
  }

  /** Puts an empty file system at a path, in place of what is there. */
  mount(path: string, type: string, disk?: Disk): FileSystem {
    const { parent, name, system, dentry, children } = this.make(path, S_IFDIR | 0o755, PAGE)
    const own = this.#fileSystem(type, disk?.name ?? type, disk)
    const root = this.#node(name, parent, own, S_IFDIR | 0o755)
    for (const [child, node] of children) root.children.set(child, node)
    parent?.children.set(name, root)
    this.#mounted(own, root)
    own.mount.set({ mnt_parent: system.mount, mnt_mountpoint: dentry })
    return own
  }

  /** Takes a file system away from its path, whose folder is empty then. */
  unmount(path: string): void {
    const node = this.find(path)
    if (node?.parent === undefined) return
    node.parent.children.delete(node.name)
    this.make(path, S_IFDIR | 0o755, PAGE)
  }

  /** Gives a file another name. */
  add(path: string, node: FileNode): void {
    const names = parts(path)
    const folder = this.make(names.slice(0, -1).join("/"), S_IFDIR | 0o755, PAGE)
    folder.children.set(names[names.length - 1], node)
  }

  /** Takes a file out of its folder. */
  remove(node: FileNode): void {
    node.parent?.children.delete(node.name)
    node.inode.set({ __i_nlink: 0 })
  }

  #mounted({ superBlock, vfsmount }: FileSystem, root: FileNode): void {
    superBlock.set({ s_root: root.dentry })
    vfsmount.set({ mnt_root: root.dentry })
  }

  #fileSystem(type: string, id: string, disk?: Disk): FileSystem {
    const { memory, names } = this.#system.kernel
    const kind = memory.new("file_system_type", { name: memory.string(type) })
    const number = this.#mounts++
    const device = disk?.number ?? number
    const superBlock = memory.new("super_block", {
      s_type: kind,
      s_dev: device,
      s_id: id,
      s_blocksize: PAGE,
      s_blocksize_bits: 12,
      s_bdev: disk?.device,
      s_op: names.data(`${type}_super_operations`),
    })
    const mount = memory.new("mount", { mnt_devname: memory.string(disk ? `/dev/${id}` : id), mnt_id: number })
    const vfsmount = mount.part("mnt")
    vfsmount.set({ mnt_sb: superBlock })
    mount.set({ mnt_parent: mount })
    return { type, superBlock, mount, vfsmount, device, disk }
  }

  #node(name: string, parent: FileNode | undefined, system: FileSystem, mode: number, size = 0): FileNode {
    const { kernel } = this.#system
    const { memory } = kernel
    const seconds = Number(kernel.bootTime / 1_000_000_000n) + Math.floor(kernel.now() / 1e9)
    const inode = memory.new("inode", {
      i_mode: mode,
      i_ino: this.#inodes++,
      i_sb: system.superBlock,
      i_size: size,
      __i_nlink: 1,
      i_blkbits: 12,
      i_mtime_sec: seconds,
      i_ctime_sec: seconds,
      i_atime_sec: seconds,
      i_fop: this.operations(system.type, mode),
    })
    inode.set({ i_mapping: inode.part("i_data"), "i_data.host": inode })
    const lock = new SleepingLock(this.#system, "rwsem", inode.part("i_rwsem"))
    const bytes = new TextEncoder().encode(name)
    const dentry = memory.new("dentry", {
      d_inode: inode,
      d_sb: system.superBlock,
      d_flags: (mode & 0o170000) === S_IFDIR ? 0x200000 : 0x400000,
      "d_name.len": bytes.length,
      "d_name.hash": bytes.reduce((hash, byte) => (Math.imul(hash, 31) + byte) >>> 0, 7),
    })
    const short = dentry.part("d_shortname")
    if (bytes.length < memory.layouts.size(short.type)) {
      memory.linear.bytes(short.offset, bytes.length).set(bytes)
      dentry.set({ "d_name.name": short })
    } else dentry.set({ "d_name.name": memory.string(name) })
    dentry.set({ d_parent: parent?.dentry ?? dentry })
    const children = new Map<string, FileNode>()
    return { name, parent, system, inode, dentry, mode, children, size, cached: new Map(), dirty: new Set(), lock }
  }

  /** `struct file_operations` of a file: the kernel's symbol of that name lies there. */
  operations(type: string, mode: number): KernelObject {
    const name = tableOf(type, mode)
    let table = this.#tables.get(name)
    if (table === undefined) {
      const { memory, names } = this.#system.kernel
      const members = (mode & 0o170000) === S_IFREG ? Object.entries(operationsOf(type)) : []
      const functions = Object.fromEntries(members.map(([member, fn]) => [member, names.address(fn)]))
      table = memory.new("file_operations", functions)
      names.define(name, table.address)
      this.#tables.set(name, table)
    }
    return table
  }
}

/** The table of operations of a file, by the kernel's name. */
function tableOf(type: string, mode: number): string {
  if ((mode & 0o170000) === S_IFSOCK) return "socket_file_ops"
  if ((mode & 0o170000) === S_IFIFO) return "pipefifo_fops"
  if ((mode & 0o170000) === S_IFCHR) return "tty_fops"
  const kind = (mode & 0o170000) === S_IFDIR ? "dir_operations" : "file_operations"
  return `${type === "tmpfs" ? "shmem" : type}_${kind}`
}

const parts = (path: string): string[] => path.split("/").filter(name => name !== "" && name !== ".")
