export {
  type IncludeResolver,
  type MacroProvider,
  type MacroText,
  type PreprocessOptions,
  Preprocessor,
  preprocess,
} from "./preprocessor.ts"
export { type PrintTokensOptions, printTokens } from "./print.ts"
