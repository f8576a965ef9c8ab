import { test } from "node:test"
import { checkHelpers } from "../../../tests/support/helperMatrix.ts"
import { allPlaces, canAsk, placeName } from "../../../tests/support/verifierPlaces.ts"

// What is not here is like one that is: an emulated processor is slow.
const LIKE_ANOTHER =
  /^(cgroup_sock_addr(?!.*(inet4_connect|udp4_recvmsg))|cgroup_sock.*(release|inet6)|kprobe.(?!trace_kprobe_multi)|sk_skb.|.*fexit)/
for (const place of allPlaces().filter(place => !LIKE_ANOTHER.test(placeName(place)) && canAsk(place))) {
  test(placeName(place), () => checkHelpers(place, true))
}
