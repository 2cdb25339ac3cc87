(let "let" @context name: (_) @name) @item
(policy "policy" @context name: (_) @name) @item
(test "test" @context name: (_) @name) @item
(in_block "in" @context head: (_) @name) @item
