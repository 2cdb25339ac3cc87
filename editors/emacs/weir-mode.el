;;; weir-mode.el --- Weir: who may reach whom in a Kubernetes cluster  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages, tools
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Colours, comments and indentation for files in Weir, and its language server `weir-lsp' for Eglot and lsp-mode:
;; M-x eglot or M-x lsp in a file starts it.  Documents of the server have names that begin with "weir:/" and can be
;; visited like files, where the server runs: "weir:/errors/E0201.md".

;;; Code:

(require 'seq)
(require 'subr-x)
(require 'url-util)

(declare-function eglot-current-server "eglot")
(declare-function eglot--pos-to-lsp-position "eglot")
(declare-function jsonrpc-request "jsonrpc")
(declare-function lsp-request "lsp-mode")
(declare-function lsp--cur-position "lsp-mode")
(declare-function lsp-register-client "lsp-mode")
(declare-function make-lsp-client "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")
(declare-function lsp-activate-on "lsp-mode")
(declare-function lsp-register-custom-settings "lsp-mode")
(defvar eglot-server-programs)
(defvar lsp-language-id-configuration)

(defgroup weir nil
  "Weir, a language for Kubernetes network policy."
  :group 'languages)

(defcustom weir-server-command '("weir-lsp")
  "The language server, and what it is started with."
  :type '(repeat string))

(defcustom weir-inventory nil
  "Manifests for files outside of a project, relative to its folder.
In a project, its `weir.toml' names them.  This is told to the
server by lsp-mode; for Eglot it is in `eglot-workspace-configuration'."
  :type '(repeat string)
  :safe #'listp)

(defcustom weir-indent-offset 4
  "How much deeper a block is."
  :type 'natnum
  :safe #'natnump)

;;;; Looks

(defvar weir-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "." table)
    (modify-syntax-entry ?- "_" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?* "_" table)
    (modify-syntax-entry ?. "_" table)
    (modify-syntax-entry ?/ "." table)
    (modify-syntax-entry ?: "." table)
    table)
  "Texts know no escapes, and names have hyphens.")

(defconst weir--font-lock
  `(;; Behind `/' and `:' every word is a name.
    ("/[ \t]*\\(\\_<[a-z][a-z0-9-]*\\_>\\)" 1 font-lock-variable-name-face)
    ("\\(\\_<[a-z][a-z0-9-]*\\_>\\)/[a-z*\"]" 1 font-lock-type-face)
    (":[ \t]*\\(\\_<[a-z][a-z0-9-]*\\_>\\)" 1 font-lock-constant-face)
    ("\\_<\\(?:let\\|policy\\|apply\\)[ \t]+\\(\\_<[a-z][a-z0-9-]*\\_>\\)" 1 font-lock-function-name-face)
    ("\\_<[0-9]+\\(?:\\.[0-9]+\\)\\{3\\}\\(?:/[0-9]+\\)?\\_>" . font-lock-constant-face)
    ("\\_<[0-9]+\\(?:-[0-9]+\\)*\\_>" . font-lock-constant-face)
    (,(regexp-opt '("namespace" "namespaces" "cluster" "clusters" "workload" "service" "deployment" "statefulset"
                    "daemonset" "job" "cronjob" "pod" "serviceaccount")
                  'symbols)
     . font-lock-type-face)
    (,(regexp-opt '("anyone" "pods" "nodes" "apiserver" "dns" "internet" "anywhere") 'symbols)
     . font-lock-builtin-face)
    (,(regexp-opt '("may" "only" "must" "not" "reach" "reaches" "cannot" "ping" "on" "in" "notin" "each" "except" "by"
                    "over" "http" "isolated" "locked" "open" "for" "ingress" "egress" "because" "if" "present" "even"
                    "absent" "until" "let" "export" "use" "policy" "apply" "test")
                  'symbols)
     . font-lock-keyword-face))
  "Colours by words alone; the language server knows more.")

;;;; Indentation

(defun weir--code ()
  "What the line at point says, without its texts and its comment."
  (let* ((line (buffer-substring-no-properties (line-beginning-position) (line-end-position)))
         (bare (replace-regexp-in-string "\"[^\"]*\"" "\"\"" line t t)))
    (string-trim (replace-regexp-in-string "#.*" "" bare t t))))

(defun weir--above ()
  "Go to the line above that says something; nil where there is none."
  (let ((is-there t))
    (while (and (setq is-there (zerop (forward-line -1))) (string-empty-p (weir--code))))
    is-there))

(defun weir--end ()
  "By what the line at point ends a statement or opens a block, or nil."
  (let ((code (weir--code)))
    (and (string-match "[;{}]\\'" code) (match-string 0 code))))

(defun weir--indentation ()
  "Where the line at point begins, as `weir fmt' would have it."
  (save-excursion
    (beginning-of-line)
    (let ((is-closing (string-match-p "\\`[})]" (weir--code))))
      (if (not (weir--above))
          0
        (let* ((end (weir--end))
               (column (current-indentation))
               (deeper (if (member end '(";" "}")) 0 weir-indent-offset)))
          (while (and (weir--above) (not (weir--end)))
            (setq column (current-indentation)))
          (max 0 (- (+ column deeper) (if is-closing weir-indent-offset 0))))))))

(defun weir-indent-line ()
  "Indent the line at point as `weir fmt' would."
  (interactive)
  (let ((column (weir--indentation)))
    (if (<= (current-column) (current-indentation))
        (indent-line-to column)
      (save-excursion (indent-line-to column)))))

;;;###autoload
(define-derived-mode weir-mode prog-mode "Weir"
  "Major mode for Weir."
  (setq-local comment-start "# ")
  (setq-local comment-end "")
  (setq-local comment-start-skip "#+[ \t]*")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'weir-indent-line)
  (setq-local electric-indent-chars (append "})" electric-indent-chars))
  (setq-local font-lock-defaults '(weir--font-lock)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.weir\\'" . weir-mode))

;;;; The language server

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs (cons 'weir-mode (lambda (&rest _) weir-server-command))))

(with-eval-after-load 'lsp-mode
  (add-to-list 'lsp-language-id-configuration '(weir-mode . "weir"))
  (lsp-register-custom-settings '(("weir.inventory" (lambda () (vconcat weir-inventory)))))
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection (lambda () weir-server-command))
    :activation-fn (lsp-activate-on "weir")
    :server-id 'weir)))

(defun weir--field (answer name)
  "What ANSWER, a table or a list of properties, has by NAME."
  (if (hash-table-p answer)
      (gethash name answer)
    (plist-get answer (intern (concat ":" name)))))

(defun weir--asker ()
  "A function of method and parameters that asks this buffer's server, or nil."
  (cond
   ((bound-and-true-p lsp-mode)
    (let ((buffer (current-buffer)))
      (lambda (method params) (with-current-buffer buffer (lsp-request method params)))))
   ((and (fboundp 'eglot-current-server) (eglot-current-server))
    (let ((server (eglot-current-server)))
      (lambda (method params) (jsonrpc-request server (intern (concat ":" method)) params))))))

(defun weir--any-asker ()
  "The same of this buffer, else of any in Weir."
  (or (weir--asker)
      (seq-some (lambda (buffer)
                  (with-current-buffer buffer (and (derived-mode-p 'weir-mode) (weir--asker))))
                (buffer-list))
      (user-error "No language server of Weir is running")))

(defun weir--show (command &rest more)
  "Show the page that COMMAND of the server makes, about this file and MORE."
  (let ((ask (or (weir--asker) (user-error "No language server is at work in this buffer")))
        (about (append (list :uri (concat "file://" (weir--encoded (buffer-file-name)))) more)))
    (find-file-other-window
     (weir--field (funcall ask "workspace/executeCommand" (list :command command :arguments (vector about))) "uri"))))

(defun weir--encoded (path)
  "PATH as it stands in a URI."
  (url-hexify-string (encode-coding-string path 'utf-8) url-path-allowed-chars))

(defun weir--position ()
  "Point, as the server counts."
  (if (bound-and-true-p lsp-mode) (lsp--cur-position) (eglot--pos-to-lsp-position)))

(defun weir-show-yaml (is-file)
  "Show the objects that the sentence at point becomes.
With a prefix IS-FILE, those that the file becomes."
  (interactive "P")
  (if is-file
      (weir--show "weir.server.showYaml")
    (weir--show "weir.server.showYaml" :position (weir--position))))

(defun weir-show-incoming ()
  "Show who may reach the workload at point."
  (interactive)
  (weir--show "weir.server.showReach" :position (weir--position) :direction "incoming"))

(defun weir-show-outgoing ()
  "Show what the workload at point may reach."
  (interactive)
  (weir--show "weir.server.showReach" :position (weir--position) :direction "outgoing"))

(define-key weir-mode-map (kbd "C-c C-y") #'weir-show-yaml)
(define-key weir-mode-map (kbd "C-c C-i") #'weir-show-incoming)
(define-key weir-mode-map (kbd "C-c C-o") #'weir-show-outgoing)

;;;; Documents of the server

(defun weir--insert-page (uri visit)
  "Insert the text of URI; with VISIT the buffer is that of the document."
  (let ((text (weir--field (funcall (weir--any-asker) "weir/virtualDocument" (list :uri uri)) "text")))
    (save-excursion (insert text))
    (when visit
      (setq buffer-file-name uri
            buffer-read-only t)
      (set-buffer-modified-p nil))
    (list uri (length text))))

(defun weir--handle (operation &rest arguments)
  "Answer OPERATION on ARGUMENTS for names of documents of the server."
  (pcase operation
    ('insert-file-contents (weir--insert-page (nth 0 arguments) (nth 1 arguments)))
    ('expand-file-name
     (pcase-let ((`(,name ,folder) arguments))
       (if (string-prefix-p "weir:/" name)
           name
         (expand-file-name name (if (and folder (string-prefix-p "weir:/" folder)) "/" folder)))))
    ((or 'file-truename 'abbreviate-file-name 'substitute-in-file-name 'directory-file-name) (car arguments))
    ('file-name-directory default-directory)
    ('file-name-nondirectory (file-name-nondirectory (substring (car (split-string (car arguments) "?")) 5)))
    ((or 'file-exists-p 'file-readable-p 'file-regular-p 'verify-visited-file-modtime) t)
    ((or 'file-writable-p 'file-directory-p 'file-symlink-p 'file-remote-p 'file-attributes 'file-locked-p 'lock-file
         'unlock-file 'set-visited-file-modtime 'vc-registered 'make-auto-save-file-name 'file-modes 'file-acl
         'file-selinux-context)
     nil)
    (_ (let ((inhibit-file-name-handlers
              (cons #'weir--handle
                    (and (eq inhibit-file-name-operation operation) inhibit-file-name-handlers)))
             (inhibit-file-name-operation operation))
         (apply operation arguments)))))

(defun weir-yaml-page ()
  "The mode for YAML, where there is one."
  (if (fboundp 'yaml-mode) (funcall 'yaml-mode) (conf-colon-mode)))

(defun weir-text-page ()
  "The mode for Markdown, where there is one."
  (if (fboundp 'markdown-mode) (funcall 'markdown-mode) (text-mode)))

(add-to-list 'file-name-handler-alist '("\\`weir:/" . weir--handle))
(add-to-list 'auto-mode-alist '("\\`weir:/[^?]*\\.yaml\\(?:\\?\\|\\'\\)" . weir-yaml-page))
(add-to-list 'auto-mode-alist '("\\`weir:/[^?]*\\.md\\(?:\\?\\|\\'\\)" . weir-text-page))

(provide 'weir-mode)
;;; weir-mode.el ends here
