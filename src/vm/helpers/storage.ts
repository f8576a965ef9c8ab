import type { Helper } from "../code.ts"
import { EINVAL, ENOENT } from "../errno.ts"
import { StorageMap } from "../maps/storage.ts"

const BPF_LOCAL_STORAGE_GET_F_CREATE = 1

const get: Helper = (run, mapLow, mapHigh, object, _objectHigh, value, valueHigh, flags) => {
  const map = run.map(mapLow, mapHigh)
  if (!(map instanceof StorageMap) || object === 0) return 0
  if (value !== 0) run.readable(value, valueHigh, map.valueSize)
  return run.pointer(map.of(object, value, (flags & BPF_LOCAL_STORAGE_GET_F_CREATE) !== 0))
}

const forget: Helper = (run, mapLow, mapHigh, object) => {
  const map = run.map(mapLow, mapHigh)
  if (!(map instanceof StorageMap)) return run.signed(-EINVAL)
  return run.signed(object === 0 ? -ENOENT : map.forget(object))
}

/** Values that belong to tasks, sockets, inodes and control groups. */
export const storageHelpers: Readonly<Record<string, Helper>> = {
  bpf_task_storage_get: get,
  bpf_task_storage_delete: forget,
  bpf_sk_storage_get: get,
  bpf_sk_storage_delete: forget,
  bpf_inode_storage_get: get,
  bpf_inode_storage_delete: forget,
  bpf_cgrp_storage_get: get,
  bpf_cgrp_storage_delete: forget,

  // The storage of the control group that the program is attached to: there is one.
  bpf_get_local_storage(run, mapLow, mapHigh) {
    const map = run.map(mapLow, mapHigh)
    return map instanceof StorageMap ? run.pointer(map.of(map.address, 0, true)) : 0
  },
}
