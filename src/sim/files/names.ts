import type { System } from "../system.ts"
import { capable } from "../tasks/rights.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"
import { KINDS } from "./systems.ts"
import { PAGE, S_IFDIR, S_IFLNK } from "./tree.ts"
import { ENOENT } from "./vfs.ts"

/** `ATTR_MODE` and `ATTR_CTIME` of `struct iattr`. */
const ATTR_MODE = 1 | (1 << 6)

/** What the kernel does with names of files: removing, renaming, linking, folders, rights. */
export class FileNames {
  readonly #system: System

  constructor(system: System) {
    this.#system = system
  }

  /** Removes a file. */
  *unlink(path: string): Steps<number> {
    const { kernel, vfs } = this.#system
    const node = yield* vfs.look(path)
    if (node === undefined) return -ENOENT
    const dir = node.parent?.inode
    const own = KINDS[node.system.type]?.unlink
    const result = yield* kernel.call("vfs_unlink", [0n, dir, node.dentry, 0], function* (): Steps<number> {
      const refused = yield* kernel.call("security_inode_unlink", [dir, node.dentry], () => 0)
      return refused !== 0 ? refused : yield* kernel.nested(own === undefined ? [] : [own], [dir, node.dentry], () => 0)
    })
    if (result === 0) vfs.forget(node)
    return result
  }

  /** Gives a file another path. */
  *rename(from: string, to: string): Steps<number> {
    const { kernel, files, vfs } = this.#system
    const node = yield* vfs.look(from)
    if (node === undefined) return -ENOENT
    const target = files.make(to, node.mode, node.size)
    const data = kernel.memory.new("renamedata", { old_dentry: node.dentry, new_dentry: target.dentry })
    yield* kernel.call("vfs_rename", [data], () => 0)
    kernel.memory.free(data)
    vfs.forget(node)
    return 0
  }

  /** Gives a file a second name. */
  *link(from: string, to: string): Steps<number> {
    const { kernel, files, vfs } = this.#system
    const node = yield* vfs.look(from)
    if (node === undefined) return -ENOENT
    const target = files.make(to, node.mode, node.size)
    target.dentry.set({ d_inode: node.inode })
    return yield* kernel.call("vfs_link", [node.dentry, 0n, target.parent?.inode, target.dentry, 0], function* () {
      return yield* kernel.call("security_inode_link", [node.dentry, target.parent?.inode, target.dentry], () => 0)
    })
  }

  /** Makes a file that leads to another path. */
  *symlink(to: string, path: string): Steps<number> {
    const { kernel, files, vfs } = this.#system
    yield* vfs.walk(path)
    const node = files.make(path, S_IFLNK | 0o777, to.length)
    const text = kernel.memory.string(to)
    const result = yield* kernel.call("vfs_symlink", [0n, node.parent?.inode, node.dentry, text], () => 0)
    kernel.memory.free(text)
    return result
  }

  /** Changes who may do what with a file. */
  *chmod(task: Task, path: string, mode: number): Steps<number> {
    const { kernel, objects, vfs } = this.#system
    const node = yield* vfs.look(path)
    if (node === undefined) return -ENOENT
    const refused = yield* capable(kernel, task, objects.userNamespace, "FOWNER")
    if (refused !== 0) return refused
    const kept = node.mode & 0o170000
    const attributes = kernel.memory.new("iattr", { ia_valid: ATTR_MODE, ia_mode: kept | mode })
    const result = yield* kernel.call("notify_change", [0n, node.dentry, attributes, 0], () => {
      node.inode.set({ i_mode: kept | mode })
      return 0
    })
    kernel.memory.free(attributes)
    return result
  }

  /** Makes a folder. */
  *mkdir(path: string, mode: number): Steps<number> {
    const { kernel, files, vfs } = this.#system
    yield* vfs.walk(path)
    const node = files.make(path, S_IFDIR | mode, PAGE)
    yield* kernel.call("vfs_mkdir", [0n, node.parent?.inode, node.dentry, mode], () => node.dentry)
    return 0
  }

  /** Removes an empty folder. */
  *rmdir(path: string): Steps<number> {
    const { kernel, vfs } = this.#system
    const node = yield* vfs.look(path)
    if (node === undefined) return -ENOENT
    yield* kernel.call("vfs_rmdir", [0n, node.parent?.inode, node.dentry], () => 0)
    vfs.forget(node)
    return 0
  }
}
