// Source: Itanium C++ ABI, chapter 5.1 "Mangling".

const pairs = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split("|")
      .filter(pair => pair.indexOf("=") > 0)
      .map(pair => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  )

/** Operators by their two letters. */
export const OPERATORS = pairs(
  "nw= new|na= new[]|dl= delete|da= delete[]|aw= co_await|ps=+|ng=-|ad=&|de=*|co=~|pl=+|mi=-|ml=*|dv=/|rm=%|an=&|eo=^|" +
    "aS==|pL=+=|mI=-=|mL=*=|dV=/=|rM=%=|aN=&=|eO=^=|ls=<<|rs=>>|lS=<<=|rS=>>=|eq===|ne=!=|lt=<|gt=>|le=<=|ge=>=|ss=<=>|nt=!|" +
    "aa=&&|pp=++|mm=--|cm=,|pm=->*|pt=->|cl=()|ix=[]|qu=?",
)
// The bars of these part the list.
;(OPERATORS as Map<string, string>).set("or", "|").set("oR", "|=").set("oo", "||")

/** Types by their letter. */
export const BUILTIN = pairs(
  "v=void|w=wchar_t|b=bool|c=char|a=signed char|h=unsigned char|s=short|t=unsigned short|i=int|j=unsigned int|l=long|m=unsigned long|" +
    "x=long long|y=unsigned long long|n=__int128|o=unsigned __int128|f=float|d=double|e=long double|g=__float128|z=...",
)

/** Types by the letter behind `D`. */
export const BUILTIN_D = pairs(
  "d=decimal64|e=decimal128|f=decimal32|h=half|i=char32_t|s=char16_t|u=char8_t|a=auto|c=decltype(auto)|n=decltype(nullptr)",
)

/** Names of the standard library by the letter behind `S`. */
export const STANDARD = pairs(
  "a=std::allocator|b=std::basic_string|s=std::string|i=std::istream|o=std::ostream|d=std::iostream",
)

/** The same where a constructor's name is taken from them. */
export const STANDARD_WHOLE = pairs(
  "s=std::basic_string<char, std::char_traits<char>, std::allocator<char> >|i=std::basic_istream<char, std::char_traits<char> >|" +
    "o=std::basic_ostream<char, std::char_traits<char> >|d=std::basic_iostream<char, std::char_traits<char> >",
)

/** What special names say before what they belong to. */
export const SPECIAL = pairs(
  "TV=vtable for |TT=VTT for |TI=typeinfo for |TS=typeinfo name for |GV=guard variable for |TH=TLS init function for |TW=TLS wrapper function for |" +
    "TA=template parameter object for ",
)

/** What is written behind a literal of a type. */
export const LITERAL = pairs("int=|unsigned int=u|long=l|unsigned long=ul|long long=ll|unsigned long long=ull")
