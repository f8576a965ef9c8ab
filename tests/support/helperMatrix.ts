import assert from "node:assert/strict"
import { call, exit, helperName, LAST_HELPER, mov64Imm } from "../../src/isa/index.ts"
import { type Caller, findHelper, isRefusal } from "../../src/verifier/helpers/index.ts"
import { runningKernel } from "./kernelVersion.ts"
import { ask, messages, type Place } from "./verifierPlaces.ts"

/** A program of a place as the running kernel would see it. */
export const callerAt = (place: Place, gpl = true): Caller => ({
  type: place.type,
  attachType: place.attachType,
  target: place.target,
  kernel: runningKernel(),
  sleepable: place.sleepable === true,
  privileged: true,
  perfmon: true,
  gpl,
})

/** Helpers that a kernel may be built without, or that it is locked down for. */
const CONFIGURED = new Set([
  "bpf_probe_write_user",
  "bpf_probe_read",
  "bpf_probe_read_str",
  "bpf_override_return",
  "bpf_read_branch_records",
  "bpf_ima_inode_hash",
  "bpf_ima_file_hash",
  "bpf_bprm_opts_set",
  "bpf_inode_storage_get",
  "bpf_inode_storage_delete",
  "bpf_skb_get_xfrm_state",
  "bpf_lwt_seg6_store_bytes",
  "bpf_lwt_seg6_action",
  "bpf_lwt_seg6_adjust_srh",
])

/** What the kernel says where a helper may not be called, whatever its arguments. */
const REFUSALS =
  /^(invalid func|unknown func|program of this type cannot use|cannot call GPL|helper call (might|is not)|func \S+ (not supported for|supported only))/

/** Holds that the table says of each helper what the running kernel says when a program of a place calls it. */
export function checkHelpers(place: Place, gpl: boolean): void {
  const wrong: string[] = []
  for (let id = 1; id <= LAST_HELPER + 1; id++) {
    const found = findHelper(id, callerAt(place, gpl))
    const ours = isRefusal(found) ? found.message : ""
    const answer = ask(place, [call(id), mov64Imm(0, 0), exit()], { license: gpl ? "GPL" : "" })
    const theirs = messages(answer).find(line => REFUSALS.test(line)) ?? ""
    const configured = CONFIGURED.has(helperName(id) ?? "") && /unknown func|cannot use/.test(theirs)
    if (ours !== theirs && !configured) wrong.push(`${helperName(id)}: "${theirs}", not "${ours}"`)
  }
  assert.deepEqual(wrong, [])
}
