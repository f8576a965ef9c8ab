import { pinnedEntries } from "../../kernel/index.ts"
import { badOption } from "../errors.ts"

/** Which containers a program is to see: those whose control group, mount namespace or both are in a pinned table. */
export interface ContainerFilter {
  /**
   * Pin of a hash table of control groups (`u64` numbers, see {@link cgroupId}; values of 8 bytes): a path, or a name below the BPF file
   * system. It is made when it is not there. The program has it as `cgroupset`.
   */
  readonly cgroupMap?: string
  /** Pin of a hash table of mount namespaces (`u64` inodes, values of 4 bytes), which the program has as `mount_ns_set`. */
  readonly mountNamespaceMap?: string
}

/** Entries of a table that is made here. */
const ENTRIES = 1024

/**
 * C text to put in front of a program for BCC: it defines `container_should_be_filtered()`, which is true where the running process is in
 * none of the containers. Without tables it is never true, so that a program can ask it always. The same as BCC's `--cgroupmap` and
 * `--mntnsmap`; `BPF.load({ …, containers })` puts it there by itself. Control groups: Linux 4.18, on machines with cgroup2.
 * @throws SkepError BPF_OPTION for a path that is none
 */
export function filterByContainers({ cgroupMap, mountNamespaceMap }: ContainerFilter = {}): string {
  const tables: string[] = []
  const checks: string[] = []
  if (cgroupMap !== undefined) {
    tables.push(table("u64", "cgroupset", cgroupMap))
    checks.push("u64 group = bpf_get_current_cgroup_id();", "if (!cgroupset.lookup(&group)) return 1;")
  }
  if (mountNamespaceMap !== undefined) {
    tables.push(table("u32", "mount_ns_set", mountNamespaceMap))
    checks.push(
      "struct task_struct *task = (struct task_struct *)bpf_get_current_task();",
      "u64 space = task->nsproxy->mnt_ns->ns.inum;",
      "if (!mount_ns_set.lookup(&space)) return 1;",
    )
  }
  const body = [...checks, "return 0;"].map(line => `  ${line}`)
  return [...tables, "static inline int container_should_be_filtered(void) {", ...body, "}", ""].join("\n")
}

/** A table that is pinned already has as many entries as it has. */
function table(value: string, name: string, pin: string): string {
  if (!/^[^"\\\p{Cc}]+$/u.test(pin)) throw badOption(`'${pin}' is no path of a pin`, "for example /sys/fs/bpf/web")
  return `BPF_TABLE_PINNED("hash", u64, ${value}, ${name}, ${pinnedEntries(pin) ?? ENTRIES}, "${pin}");`
}
