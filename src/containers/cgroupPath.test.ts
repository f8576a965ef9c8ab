import assert from "node:assert/strict"
import { test } from "node:test"
import { cgroupPaths, containerOfPath, containerOfText } from "./cgroupPath.ts"

const ID = "0123456789abcdef".repeat(4)
const UID = "11111111-2222-3333-4444-555555555555"
const UNIT = UID.replaceAll("-", "_")

/** The container of a path: `runtime` of `id`, or none. */
function of(path: string, wanted: string | undefined, id = ID): void {
  test(`${path.replaceAll(ID, "ID")} is ${wanted ?? "no container"}`, () => {
    const found = containerOfPath(path)
    const pod = found?.pod === undefined ? "" : ` in ${found.pod.qos} pod ${found.pod.uid}`
    assert.equal(found && `${found.runtime}${pod}`, wanted)
    if (wanted !== undefined) assert.equal(found?.id, id)
  })
}

of(`/docker/${ID}`, "docker")
of(`/system.slice/docker-${ID}.scope`, "docker")
of(`/docker/${ID}/init.scope`, "docker")
of(`/machine.slice/libpod-${ID}.scope`, "podman")
of(`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`, "podman")
of(`/libpod_parent/libpod-${ID}`, "podman")
of(`/machine.slice/libpod-conmon-${ID}.scope`, undefined)
of(`/kubepods/burstable/pod${UID}/${ID}`, `unknown in burstable pod ${UID}`)
of(`/kubepods/pod${UID}/${ID}`, `unknown in guaranteed pod ${UID}`)
of(
  `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UNIT}.slice/cri-containerd-${ID}.scope`,
  `containerd in besteffort pod ${UID}`,
)
of(`/kubepods.slice/kubepods-pod${UNIT}.slice/crio-${ID}.scope`, `cri-o in guaranteed pod ${UID}`)
of(`/kubepods.slice/kubepods-pod${UNIT}.slice/crio-conmon-${ID}.scope`, undefined)
of(`/kubepods.slice/kubepods-pod${UNIT}.slice`, undefined)
of(`/system.slice/containerd.service/kubepods-burstable-pod${UNIT}.slice:cri-containerd:${ID}`, "containerd")
of(`/system.slice/nerdctl-${ID}.scope`, "containerd")
of("/lxc/web/system.slice", "lxc", "web")
of("/lxc.payload.web", "lxc", "web")
of("/machine.slice/machine-my\\x2dweb.scope/payload", "systemd-nspawn", "my-web")
of(`/docker/${ID.replaceAll("0", "f")}/docker/${ID}`, "docker")
of(`/ecs/task/${ID}`, "unknown")
of("/user.slice/user-1000.slice/session-3.scope", undefined)
of("/", undefined)
of(`/docker/${ID.slice(1)}`, undefined)

test("the path of cgroup2 is asked first, then the old ones", () => {
  const text = `12:pids:/docker/${ID}\n1:name=systemd:/\n0::/system.slice/ssh.service (deleted)\nnonsense\n`
  assert.deepEqual(cgroupPaths(text), ["/system.slice/ssh.service", `/docker/${ID}`, "/"])
  assert.equal(containerOfText(text)?.runtime, "docker")
  assert.equal(containerOfText(""), undefined)
})
