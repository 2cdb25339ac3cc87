; Where an editor has a grammar of comments, it finds links and marks in them.
((comment) @injection.content
  (#set! injection.language "comment"))
