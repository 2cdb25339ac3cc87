" Colours by words alone, for Neovim without the tree-sitter parser. The language server knows more.
if exists('b:current_syntax')
  finish
endif

syntax iskeyword @,48-57,_,-,*,.

syntax keyword weirVerb may only must not reach reaches cannot ping
syntax keyword weirSet in each except by on over http notin
syntax keyword weirPosture isolated locked open for ingress egress
syntax keyword weirClause because if present even absent until
syntax keyword weirDeclaration let export use policy apply test
syntax keyword weirKind namespace namespaces cluster clusters workload service deployment statefulset
syntax keyword weirKind daemonset job cronjob pod serviceaccount
syntax keyword weirBuiltin anyone pods nodes apiserver dns internet anywhere

" Words behind `/` and `:` are names, and so is what stands before `/`.
syntax match weirName "/\s*\zs[a-z][a-z0-9-]*"
syntax match weirNamespace "\<[a-z][a-z0-9-]*\ze/[a-z*\"]"
syntax match weirPort ":\s*\zs[a-z][a-z0-9-]*"
syntax match weirPort "\<\d\+\(-\d\+\)\?\(/\(tcp\|udp\|sctp\)\)\?\>"
syntax match weirDay "\<\d\{4}-\d\d-\d\d\>"
syntax match weirHost "\<\(\*\.\)\?[a-z0-9][a-z0-9-]*\(\.[a-z0-9][a-z0-9-]*\)\+\>"
syntax match weirAddress "\<\d\+\(\.\d\+\)\{3}\(/\d\+\)\?\>"
syntax match weirAddress "\<\x*:\x*:[0-9a-fA-F:.]*\(/\d\+\)\?"

syntax region weirSelector matchgroup=weirBracket start="\[" end="\]" contains=weirText,weirComment,weirLabelWord
syntax match weirLabelWord "\<\(in\|notin\)\ze\s*(" contained
syntax region weirText start=+"+ end=+"+
syntax match weirComment "#.*$" contains=@Spell

highlight default link weirVerb Keyword
highlight default link weirSet Keyword
highlight default link weirPosture Keyword
highlight default link weirClause Keyword
highlight default link weirDeclaration Statement
highlight default link weirKind Type
highlight default link weirBuiltin Constant
highlight default link weirName Identifier
highlight default link weirNamespace Type
highlight default link weirPort Number
highlight default link weirDay Number
highlight default link weirHost String
highlight default link weirAddress Number
highlight default link weirSelector String
highlight default link weirBracket Delimiter
highlight default link weirLabelWord Keyword
highlight default link weirText String
highlight default link weirComment Comment

let b:current_syntax = 'weir'
