export { destroyDynptrAt as destroyDynptr } from "../resources/dynptr.ts"
