import type { Kernel } from "../kernel.ts"
import type { KernelObject } from "../memory/object.ts"

/** Types of files, as the upper bits of a mode have them. */
export const S_IFDIR = 0o040000
export const S_IFREG = 0o100000
export const S_IFCHR = 0o020000
export const S_IFSOCK = 0o140000
export const S_IFIFO = 0o010000

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
  /** Pages that are in memory, by their index. */
  readonly cached: Set<number>
  /** Pages that are to be written to the disk. */
  readonly dirty: Set<number>
}

/** An open file: what a descriptor leads to. */
export interface OpenFile {
  readonly file: KernelObject
  readonly node: FileNode
  position: number
  /** Something else than a file of a disk: a pipe's other end, a socket. */
  readonly behind?: unknown
}

/** Bytes of a page. */
export const PAGE = 4096

/** Folders and files by their paths, with inodes and dentries in the kernel's memory. */
export class FileTree {
  readonly #kernel: Kernel
  readonly root: FileNode
  readonly #systems = new Map<string, FileSystem>()
  #inodes = 1000

  constructor(kernel: Kernel, device: KernelObject | undefined) {
    this.#kernel = kernel
    const system = this.#system("ext4", (253 << 20) | 1, "vda1", device)
    this.root = this.#node("/", undefined, system, S_IFDIR | 0o755)
    system.superBlock.set({ s_root: this.root.dentry })
    system.vfsmount.set({ mnt_root: this.root.dentry })
    for (const [path, type] of [
      ["/proc", "proc"],
      ["/dev", "devtmpfs"],
      ["/sys", "sysfs"],
      ["/tmp", "tmpfs"],
    ]) {
      const own = this.#system(type, this.#systems.size + 20, type)
      const node = this.#node(path.slice(1), this.root, own, S_IFDIR | 0o755)
      this.root.children.set(path.slice(1), node)
      own.superBlock.set({ s_root: node.dentry })
      own.vfsmount.set({ mnt_root: node.dentry })
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
    return this.#node(name, undefined, this.#system(type, this.#systems.size + 8, type), mode)
  }

  /** Takes a file out of its folder. */
  remove(node: FileNode): void {
    node.parent?.children.delete(node.name)
    node.inode.set({ __i_nlink: 0 })
  }

  #system(type: string, device: number, id: string, bdev?: KernelObject): FileSystem {
    const known = this.#systems.get(type)
    if (known !== undefined) return known
    const { memory, names } = this.#kernel
    const kind = memory.new("file_system_type", { name: memory.string(type) })
    const superBlock = memory.new("super_block", {
      s_type: kind,
      s_dev: device,
      s_id: id,
      s_blocksize: PAGE,
      s_blocksize_bits: 12,
      s_bdev: bdev,
      s_op: names.data(`${type}_super_operations`),
    })
    const mount = memory.new("mount", { mnt_devname: memory.string(`/dev/${id}`), mnt_id: this.#systems.size + 20 })
    const vfsmount = mount.part("mnt")
    vfsmount.set({ mnt_sb: superBlock })
    mount.set({ mnt_parent: mount })
    const system = { type, superBlock, mount, vfsmount, device }
    this.#systems.set(type, system)
    return system
  }

  #node(name: string, parent: FileNode | undefined, system: FileSystem, mode: number, size = 0): FileNode {
    const { memory, names } = this.#kernel
    const seconds = Number(this.#kernel.bootTime / 1_000_000_000n) + Math.floor(this.#kernel.now() / 1e9)
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
      i_fop: names.data(operations(system.type, mode)),
    })
    inode.set({ i_mapping: inode.part("i_data"), "i_data.host": inode })
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
    return { name, parent, system, inode, dentry, mode, children, size, cached: new Set(), dirty: new Set() }
  }
}

/** The table of operations of a file, by the kernel's name. */
export function operations(type: string, mode: number): string {
  if ((mode & 0o170000) === S_IFSOCK) return "socket_file_ops"
  if ((mode & 0o170000) === S_IFIFO) return "pipefifo_fops"
  if ((mode & 0o170000) === S_IFCHR) return "tty_fops"
  const kind = (mode & 0o170000) === S_IFDIR ? "dir_operations" : "file_operations"
  return type === "ext4" ? `ext4_${kind === "dir_operations" ? "dir" : "file"}_operations` : `${type}_${kind}`
}

const parts = (path: string): string[] => path.split("/").filter(name => name !== "" && name !== ".")
