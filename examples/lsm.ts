// Lets nobody run a program of a name: npm run -s example lsm forbidden 10 (the kernel's lsm= must have bpf)
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [name = "forbidden", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
int refused;
SEC("lsm/bprm_check_security") int BPF_PROG(check, struct linux_binprm *binary) {
  char name[32] = {};
  bpf_probe_read_kernel_str(name, sizeof(name), binary->file->f_path.dentry->d_name.name);
  if (bpf_strncmp(name, sizeof(name), "${name}")) return 0;
  refused++;
  return -1; /* EPERM */
}`,
})
await sleep(1000 * Number(seconds))
console.log(`${b.globals.refused} were refused`)
