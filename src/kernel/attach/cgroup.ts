import { closeSync, openSync, statSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import { attachTypes } from "../../isa/index.ts"
import { type CgroupHook, type LoadedProgram, sectionOfHook, type TargetOf } from "../../machine/index.ts"
import { meaningOfSection, type ProgramSpec } from "../../object/index.ts"
import { linkCreate, type ProgAttach, progAttach, progDetach, progQuery } from "../bpf/index.ts"
import { keepUntilExit } from "../cleanup.ts"
import { callFailed, hasCapability, permissionError, readPrivilege } from "../host/index.ts"
import { EBADF, EEXIST, EINVAL, EPERM } from "../raw/index.ts"
import { type Attached, type Attacher, type AttachRequest, byLink } from "./attacher.ts"

const BPF_F_ALLOW_OVERRIDE = 1
const BPF_F_ALLOW_MULTI = 2
const BPF_F_REPLACE = 4
const FLAGS = { multi: BPF_F_ALLOW_MULTI, override: BPF_F_ALLOW_OVERRIDE, exclusive: 0 }

/** The places of control groups: by a link (Linux 5.7), or by BPF_PROG_ATTACH (Linux 4.10). */
export const cgroup: Attacher<TargetOf<"cgroup">> = {
  types: [
    "cgroup_skb",
    "cgroup_sock",
    "cgroup_sock_addr",
    "cgroup_sockopt",
    "cgroup_sysctl",
    "cgroup_device",
    "sock_ops",
    "lsm",
  ],
  text: ({ path, hook }) => (hook === undefined ? path : `${path} ${hook}`),
  open(target, request) {
    const { program, what } = request
    const attachType = attachTypes.number(placeOf(program.spec, target.hook)) as number
    const folder = openCgroup(target.path)
    let kept = false
    try {
      if (target.mode === undefined || target.mode === "link") {
        const link = linkCreate(program.fd, folder, attachType)
        if (link >= 0) return byLink("cgroup link", link)
        if (link !== -EINVAL) throw refused(target.path, what, -link)
        // Kernels before 5.7 know no links; what was wrong with the call is wrong with the other one, too.
      }
      const mode = target.mode === undefined || target.mode === "link" ? "multi" : target.mode
      const attach = { targetFd: folder, programFd: program.fd, attachType, flags: FLAGS[mode] }
      const result = progAttach(attach)
      if (result < 0) throw refused(target.path, what, -result)
      kept = true
      return untilUndone(attach, request, () => closeSync(folder))
    } finally {
      if (!kept) closeSync(folder)
    }
  },
}

/** An attachment that the kernel keeps when the process is gone: it is undone then. */
function untilUndone(attach: ProgAttach, { program, what }: AttachRequest, done: () => void): Attached {
  // A descriptor of our own would be better than the program's, but the program cannot be closed before its links.
  let current: LoadedProgram = program
  const undo = keepUntilExit(() => {
    progDetach({ ...attach, programFd: current.fd })
    done()
  })
  return {
    method: "cgroup attachment",
    close: undo,
    update(next) {
      const multi = attach.flags === BPF_F_ALLOW_MULTI
      const replace = multi ? { flags: BPF_F_ALLOW_MULTI | BPF_F_REPLACE, replaceFd: current.fd } : {}
      const result = progAttach({ ...attach, ...replace, programFd: next.fd })
      if (result < 0) {
        throw callFailed(`${what}: replacing it by ${next.name}`, -result, {
          code: "KERNEL_LINK_UPDATE",
          hint: "the new program must have the same type and be loaded for the same place (Linux 5.6)",
        })
      }
      current = next
    },
  }
}

/** What a program of a type is attached to when nothing else says it. */
const ONLY_PLACE: Readonly<Record<string, string>> = {
  cgroup_device: "cgroup_device",
  cgroup_sysctl: "cgroup_sysctl",
  sock_ops: "cgroup_sock_ops",
}

/** The attach type for a program at a hook. Throws `KERNEL_NO_HOOK`. */
function placeOf(spec: ProgramSpec, hook: CgroupHook | undefined): string {
  if (hook !== undefined) return attachTypeOf(hook)
  const place = spec.attach?.kind === "lsm_cgroup" ? "lsm_cgroup" : (spec.attachType ?? ONLY_PLACE[spec.type ?? ""])
  if (place !== undefined) return place
  throw new SkepError({
    code: "KERNEL_NO_HOOK",
    message: `nothing says to which place of the control group program ${spec.name} belongs`,
    hint: `say it: attach("${spec.name}", { hook: "egress" }), or put it into a section: SEC("cgroup_skb/egress")`,
  })
}

function attachTypeOf(hook: CgroupHook): string {
  const { attachType } = meaningOfSection(sectionOfHook(hook))
  if (attachType !== undefined) return attachType
  throw noHook(hook)
}

/** The error of a hook that control groups do not have. */
export const noHook = (hook: string): SkepError =>
  new SkepError({
    code: "KERNEL_NO_HOOK",
    message: `control groups have no place named ${hook}`,
    hint: "there are ingress, egress, sock_create, connect4, bind6, sysctl, getsockopt, device, sock_ops and others: docs/links.md",
  })

/** Numbers of the programs that are attached to a place of a control group itself. Throws `KERNEL_NO_CGROUP`. */
export function cgroupPrograms(path: string, hook: CgroupHook): readonly number[] {
  const folder = openCgroup(path)
  try {
    const ids = progQuery(folder, attachTypes.number(attachTypeOf(hook)) as number)
    if (typeof ids === "number") throw refused(path, `asking for the programs of ${path} ${hook}`, -ids)
    return ids
  } finally {
    closeSync(folder)
  }
}

function openCgroup(path: string): number {
  try {
    if (statSync(path).isDirectory()) return openSync(path, "r")
  } catch {}
  throw noCgroup(path)
}

const noCgroup = (path: string): SkepError =>
  new SkepError({
    code: "KERNEL_NO_CGROUP",
    message: `${path} is no control group`,
    hint: "it is a folder of a file system of type cgroup2: /sys/fs/cgroup, or /sys/fs/cgroup/unified beside the older kind",
  })

function refused(path: string, what: string, errno: number): SkepError {
  if (errno === EBADF) return noCgroup(path)
  if (errno === EEXIST) {
    return new SkepError({
      code: "KERNEL_ATTACHED",
      message: `${what}: the program is attached there already`,
      hint: "keep the link of the first time, or detach it before",
      errno,
    })
  }
  if (errno === EPERM) {
    if (!hasCapability(readPrivilege(), "CAP_NET_ADMIN"))
      return permissionError(what, errno, ["CAP_BPF", "CAP_NET_ADMIN"])
    return new SkepError({
      code: "KERNEL_CGROUP_BUSY",
      message: `${what}: another program has this place, in this group or above, and lets none beside it`,
      hint: "attach with the same mode as the other one, or detach that: bpftool cgroup tree shows it",
      errno,
    })
  }
  return callFailed(what, errno, {
    hint: "the program must be loaded for this place: give its hook when it is attached first, or name its section after it",
  })
}
