export { type ContainerPath, type ContainerRuntime, containerOfPath, containerOfText, type Pod } from "./cgroupPath.ts"
export { cgroupFolder, cgroupId, cgroupMount } from "./cgroups.ts"
export { type Container, type ContainerPlaces, Containers } from "./container.ts"
export { type Namespace, type NamespaceKind, namespaceOf, outerPid, ownPid } from "./namespaces.ts"
