import assert from "node:assert/strict"
import { test } from "node:test"
import { toolLines, traces } from "../../../tests/support/simulatedTool.ts"
import type { System } from "../system.ts"

/** Mounts what `storage` mounts. */
const mounts = (system: System): void => {
  system.files.mount("/btrfs", "btrfs", system.disks[1])
  system.files.mount("/xfs", "xfs", system.disks[2])
}

/** The probes of BCC's ext4slower, xfsslower and btrfsslower: which file, how many bytes, how long. */
function slower(type: string, write: string, sync: string): void {
  test(`${type}: writes and syncs of a file by its name, with bytes and times`, () => {
    const text = `#include <linux/fs.h>
      BPF_HASH(start, u32, u64);
      BPF_HASH(files, u32, struct file *);
      static int enter(struct file *file) {
        u32 tid = bpf_get_current_pid_tgid();
        u64 now = bpf_ktime_get_ns();
        if ((u64)file->f_op == 0) return 0;
        start.update(&tid, &now);
        files.update(&tid, &file);
        return 0;
      }
      static int leave(struct pt_regs *ctx, char kind) {
        u32 tid = bpf_get_current_pid_tgid();
        u64 *then = start.lookup(&tid);
        struct file **file = files.lookup(&tid);
        if (!then || !file) return 0;
        char name[32] = {};
        bpf_probe_read_kernel_str(name, sizeof(name), (*file)->f_path.dentry->d_name.name);
        int result = PT_REGS_RC(ctx);
        bpf_trace_printk("%c %s", kind, name);
        bpf_trace_printk("%c %d in %d", kind, result, bpf_ktime_get_ns() - *then);
        return 0;
      }
      int kprobe__${write}(struct pt_regs *ctx, struct kiocb *iocb) { return enter(iocb->ki_filp); }
      int kretprobe__${write}(struct pt_regs *ctx) { return leave(ctx, 'W'); }
      int kprobe__${sync}(struct pt_regs *ctx, struct file *file) { return enter(file); }
      int kretprobe__${sync}(struct pt_regs *ctx) { return leave(ctx, 'S'); }`
    const spent: number[] = []
    const lines = toolLines(text, system => {
      mounts(system)
      system.spawn("dd", function* (dd) {
        const fd = yield* dd.open(`/${type}/out.bin`, "write")
        for (const call of [() => dd.write(fd, 1_000_000), () => dd.fsync(fd)]) {
          const begin = system.kernel.now()
          yield* call()
          spent.push(system.kernel.now() - begin)
        }
      })
    })
    assert.equal(lines[0], "dd: W out.bin")
    assert.equal(lines[2], "dd: S out.bin")
    const [wrote, synced] = [lines[1], lines[3]].map(line => /(\d+) in (\d+)$/.exec(line)!.slice(1).map(Number))
    assert.equal(wrote[0], 1_000_000)
    assert.equal(synced[0], 0)
    // The file system's part of a call is most of it, and not more.
    for (const [i, [, time]] of [wrote, synced].entries()) {
      assert.ok(time <= spent[i] && time > spent[i] * 0.9, `${time} of ${spent[i]}`)
    }
  })
}
slower("ext4", "ext4_file_write_iter", "ext4_sync_file")
slower("btrfs", "btrfs_file_write_iter", "btrfs_sync_file")
slower("xfs", "xfs_file_write_iter", "xfs_file_fsync")

test("a file's operations are a table that the kernel's symbol leads to, with functions in it", () => {
  let addresses: readonly (bigint | undefined)[] = []
  const lines = toolLines(
    `#include <linux/fs.h>
    int kprobe__vfs_read(struct pt_regs *ctx, struct file *file) {
      bpf_trace_printk("%llx %llx", (u64)file->f_op, (u64)file->f_op->read_iter);
      return 0;
    }`,
    system => {
      mounts(system)
      system.spawn("cat", function* (cat) {
        const fd = yield* cat.open("/xfs/out", "both")
        yield* cat.read(fd, 10)
        const { names } = system.kernel
        addresses = [names.find("xfs_file_operations"), names.find("xfs_file_read_iter")]
      })
    },
  )
  assert.deepEqual(lines, [`cat: ${addresses.map(address => address?.toString(16)).join(" ")}`])
})

test("which disk a request is for: the file system's", () => {
  const lines = toolLines(
    `#include <linux/blk-mq.h>
    int kprobe__blk_mq_start_request(struct pt_regs *ctx, struct request *rq) {
      struct gendisk *disk = rq->q->disk;
      bpf_trace_printk("%s %d:%d", disk->disk_name, disk->major, disk->first_minor);
      return 0;
    }`,
    system => {
      mounts(system)
      system.spawn("dd", function* (dd) {
        for (const path of ["/out", "/btrfs/out", "/xfs/out", "/tmp/out"]) {
          const fd = yield* dd.open(path, "write")
          yield* dd.write(fd, 4096)
          yield* dd.fsync(fd)
        }
      })
    },
  )
  assert.deepEqual(lines, ["dd: vda 254:0", "dd: vdb 254:16", "dd: vdc 254:32"])
})

traces(
  "names: what is removed, renamed, linked, and whose rights change",
  `#include <linux/fs.h>
  static void tell(char kind, struct dentry *dentry) {
    char name[32] = {};
    bpf_probe_read_kernel_str(name, sizeof(name), dentry->d_name.name);
    bpf_trace_printk("%c %s", kind, name);
  }
  int kprobe__vfs_unlink(struct pt_regs *ctx, void *idmap, struct inode *dir, struct dentry *dentry) { tell('D', dentry); return 0; }
  int kprobe__vfs_rename(struct pt_regs *ctx, struct renamedata *rd) { tell('R', rd->new_dentry); return 0; }
  int kprobe__vfs_link(struct pt_regs *ctx, struct dentry *old) { tell('L', old); return 0; }
  int kprobe__vfs_symlink(struct pt_regs *ctx, void *idmap, struct inode *dir, struct dentry *dentry) { tell('S', dentry); return 0; }
  int kprobe__notify_change(struct pt_regs *ctx, void *idmap, struct dentry *dentry) { tell('C', dentry); return 0; }
  int kprobe__vfs_mkdir(struct pt_regs *ctx, void *idmap, struct inode *dir, struct dentry *dentry) { tell('M', dentry); return 0; }
  int kprobe__vfs_rmdir(struct pt_regs *ctx, void *idmap, struct inode *dir, struct dentry *dentry) { tell('X', dentry); return 0; }`,
  {
    sh: lines =>
      function* (sh) {
        yield* sh.close(yield* sh.open("/srv/honey", "write"))
        const steps: readonly (readonly [line: string, step: () => ReturnType<typeof sh.unlink>])[] = [
          ["L honey", () => sh.link("/srv/honey", "/srv/wax")],
          ["S comb", () => sh.symlink("/srv/honey", "/srv/comb")],
          ["C honey", () => sh.chmod("/srv/honey", 0o600)],
          ["R mead", () => sh.rename("/srv/honey", "/srv/mead")],
          ["M hive", () => sh.mkdir("/srv/hive")],
          ["X hive", () => sh.rmdir("/srv/hive")],
          ["D mead", () => sh.unlink("/srv/mead")],
        ]
        for (const [line, step] of steps) if ((yield* step()) === 0) lines.push(`sh: ${line}`)
        assert.equal(lines.length, steps.length)
      },
  },
)

traces(
  "the page cache: pages that a first read brings ahead, that a second one finds, and that go with the file",
  `#include <linux/fs.h>
  TRACEPOINT_PROBE(filemap, mm_filemap_add_to_page_cache) { bpf_trace_printk("add"); return 0; }
  TRACEPOINT_PROBE(filemap, mm_filemap_delete_from_page_cache) { bpf_trace_printk("delete"); return 0; }
  int kprobe__folio_mark_accessed(struct pt_regs *ctx, struct page *page) {
    bpf_trace_printk("use %d", page->mapping != 0);
    return 0;
  }`,
  {
    cat: lines =>
      function* (cat) {
        const fd = yield* cat.open("/srv/data", "write")
        yield* cat.write(fd, 5 * 4096)
        yield* cat.close(fd)
        const again = yield* cat.open("/srv/data")
        yield* cat.read(again, 2 * 4096)
        yield* cat.close(again)
        yield* cat.unlink("/srv/data")
        for (let i = 0; i < 5; i++) lines.push("cat: add", "cat: delete")
        lines.push("cat: use 1", "cat: use 1")
      },
  },
)
