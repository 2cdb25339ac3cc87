//! Statements, and the blocks around them: whose namespace names are looked up in, for which cluster they count, and
//! how often.

use std::sync::{Arc, OnceLock};

use weir_cluster::inventory::NamespaceId;
use weir_grammar::Span;
use weir_grammar::ast::{self, BlockHead, Statement, Subject, Verb};
use weir_grammar::format;

use super::names;
use super::program::{Assertion, Context, Origin, Program, Sentence, SentenceKind, SourceText, Test};
use super::{Resolved, Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::selector::Key;
use crate::source::Place;

impl<'a> Resolver<'a> {
    pub(super) fn statements(&mut self, statements: &'a [Statement], scope: Scope, program: &mut Program) {
        for statement in statements {
            match statement {
                Statement::Let(_) | Statement::Use(_) | Statement::Policy(_) => {}
                Statement::Error(_) => program.incomplete = true,
                Statement::Block(block) => self.block(block, scope, program),
                Statement::Apply(apply) if self.is_broken(scope.place(apply.span)) => {
                    program.incomplete = true
                }
                Statement::Apply(apply) => self.apply(apply, scope, program),
                Statement::Test(test) => {
                    if !self.sources.get(scope.file).library {
                        let test = self.test(test, scope);
                        program.tests.push(test);
                    }
                }
                Statement::Sentence(sentence) if self.is_broken(scope.place(sentence.span)) => {
                    program.incomplete = true;
                }
                Statement::Sentence(sentence) => {
                    if (scope.frame.is_some() || self.origin.namespace.is_some())
                        && !self.has_room(scope.place(sentence.span))
                    {
                        program.incomplete = true;
                        return;
                    }
                    self.sentence(sentence, scope, program);
                }
            }
        }
    }

    fn sentence(&mut self, sentence: &'a ast::Sentence, scope: Scope, program: &mut Program) {
        let absent = sentence.clauses.absent.map(|(absent, _)| absent);
        let inner = Scope { absent, ..scope };
        let kind = match &sentence.kind {
            ast::SentenceKind::Posture(posture) => {
                self.check_no_end(sentence, scope);
                self.posture(posture, inner).map(SentenceKind::Posture)
            }
            ast::SentenceKind::Reach(reach) => match reach.verb {
                Verb::May | Verb::OnlyMay | Verb::MayOnly | Verb::MayPing => {
                    self.grant(sentence, reach, inner).map(SentenceKind::Grant)
                }
                Verb::MustNot | Verb::Must => {
                    self.check_no_end(sentence, scope);
                    self.guardrail(reach, inner).map(SentenceKind::Guardrail)
                }
                Verb::Reaches | Verb::Cannot => None, // misplaced, which is told
            },
        };
        let Some(kind) = kind else {
            program.incomplete = true;
            return;
        };
        program.sentences.push(Arc::new(Sentence {
            place: scope.place(sentence.span),
            source: self.source_of(sentence, scope),
            library: self.sources.get(scope.file).library && scope.frame.is_none(),
            has_reason: sentence.clauses.because.is_some(),
            origin: Arc::clone(&self.origin),
            kind,
        }));
    }

    /// How objects name a sentence.
    fn source_of(&self, sentence: &ast::Sentence, scope: Scope) -> SourceText {
        let outermost = self.origin.applied.last().map_or(scope.file, |place| place.file);
        SourceText {
            home: self.sources.shared(scope.file),
            named: self.sources.shared(outermost),
            span: sentence.span,
            context: self.context.clone(),
            text: OnceLock::new(),
        }
    }

    /// Goes into a block or an application; what comes back is the context to leave it by.
    pub(super) fn enter(&mut self, head: String) -> Option<Arc<Context>> {
        let around = self.context.take();
        self.context = Some(Arc::new(Context { head, around: around.clone() }));
        around
    }

    fn test(&mut self, tree: &'a ast::TestBlock, scope: Scope) -> Test {
        let mut test = Test {
            name: tree.name.text.clone(),
            place: scope.place(tree.name.span),
            assertions: Vec::new(),
            incomplete: false,
        };
        self.assertions(&tree.body, scope, &mut test);
        test
    }

    fn assertions(&mut self, statements: &'a [Statement], scope: Scope, test: &mut Test) {
        for statement in statements {
            match statement {
                Statement::Sentence(sentence) => {
                    let place = scope.place(sentence.span);
                    let absent = sentence.clauses.absent.map(|(absent, _)| absent);
                    self.check_no_end(sentence, scope);
                    let reach = match &sentence.kind {
                        ast::SentenceKind::Reach(reach) if !self.is_broken(place) => reach,
                        _ => {
                            test.incomplete = true;
                            continue;
                        }
                    };
                    let reaches = match reach.verb {
                        Verb::Reaches => true,
                        Verb::Cannot => false,
                        _ => continue, // misplaced, which is told
                    };
                    match self.assertion(reach, Scope { absent, ..scope }) {
                        Some(reach) => test.assertions.push(Assertion { place, reach, reaches }),
                        None => test.incomplete = true,
                    }
                }
                Statement::Block(block) => {
                    let mut inner = |resolver: &mut Self, scope: Scope| {
                        resolver.assertions(&block.body, scope, test);
                    };
                    if !self.in_block(block, scope, &mut inner) {
                        test.incomplete = true;
                    }
                }
                Statement::Error(_) => test.incomplete = true,
                _ => {}
            }
        }
    }

    fn block(&mut self, block: &'a ast::Block, scope: Scope, program: &mut Program) {
        let mut inner = |resolver: &mut Self, scope: Scope| resolver.statements(&block.body, scope, program);
        if !self.in_block(block, scope, &mut inner) {
            program.incomplete = true;
        }
    }

    /// Does `inner` in the scope of the block, as often as it holds. `false`: its head is wrong, which is told.
    fn in_block(
        &mut self,
        block: &'a ast::Block,
        scope: Scope,
        inner: &mut dyn FnMut(&mut Self, Scope),
    ) -> bool {
        match &block.head {
            BlockHead::Namespace(name) => {
                let Some((name, from)) = self.namespace_argument(name, scope) else { return false };
                let Some(namespace) = self.known_namespace(&name, from) else { return false };
                let head =
                    format!("in namespace {}", format::after_slash(self.facts.namespace_name(namespace)));
                let around = self.enter(head);
                inner(self, Scope { namespace: Some(namespace), ..scope });
                self.context = around;
                true
            }
            BlockHead::Each(each, subject) => {
                let Some(homes) = self.group(*each, subject, scope) else { return false };
                self.report_bound(subject, block, scope);
                let around = self.enter(format!("in {}", format::block_head(&block.head)));
                let mut fits = true;
                for home in homes {
                    fits = self.has_room(scope.place(*each));
                    if !fits {
                        break;
                    }
                    let name = self.facts.inventory.namespaces[home.index()].name.clone();
                    let applied = self.origin.applied.clone();
                    let one = Arc::new(Origin { applied, namespace: Some(name) });
                    let outer = std::mem::replace(&mut self.origin, one);
                    inner(self, Scope { namespace: Some(home), ..scope });
                    self.origin = outer;
                }
                self.context = around;
                fits
            }
            BlockHead::Cluster(_) | BlockHead::Clusters(_) => {
                if !self.check_cluster(&block.head, scope) {
                    return false;
                }
                if self.is_here(&block.head) {
                    let around = self.enter(format!("in {}", format::block_head(&block.head)));
                    inner(self, scope);
                    self.context = around;
                }
                true
            }
        }
    }

    /// The namespaces that an `in each` block holds for.
    fn group(&mut self, each: Span, subject: &'a Subject, scope: Scope) -> Resolved<Vec<NamespaceId>> {
        let set = match subject {
            Subject::EachNamespace(_) => {
                return Some((0..self.facts.inventory.namespaces.len() as u32).map(NamespaceId).collect());
            }
            Subject::Set(set) => set,
        };
        if let Some(name) = crate::uses::bare(set)
            && self.partition(scope, name)?.is_some()
        {
            self.report(
                Diagnostic::error(Code::E0309, "`in each` needs a group of namespaces")
                    .at(scope.place(set.span), "the parts of a partition may have several namespaces each")
                    .with_help("write `in each namespaces[key=value]`; a posture takes a partition"),
            );
            return None;
        }
        let denotation = self.set_without_ports(set, scope)?;
        let mut homes: Vec<NamespaceId> = Vec::new();
        for part in &denotation.parts {
            let terms = part.ends.pods().map(|pods| pods.terms()).unwrap_or_default();
            if terms.is_empty() || terms.iter().any(|term| !term.pods.is_empty()) {
                self.report(
                    Diagnostic::error(Code::E0309, "`in each` needs a group of namespaces")
                        .at(scope.place(set.span), "these are no whole namespaces")
                        .at(scope.place(each), "one round for each of them")
                        .with_help(
                            "write `in each namespace`, `in each namespaces[key=value]` or `in each team-*`",
                        ),
                );
                return None;
            }
            homes.extend(terms.iter().flat_map(|term| term.namespaces.namespaces(self.facts.inventory)));
        }
        homes.sort_unstable();
        homes.dedup();
        Some(homes)
    }

    /// Names are looked up in the namespaces of today: later ones wait for the next build.
    fn report_bound(&mut self, subject: &Subject, block: &ast::Block, scope: Scope) {
        if let Subject::Set(set) = subject
            && set.operands.iter().all(|operand| {
                operand.filters.is_empty()
                    && matches!(operand.base, ast::Base::Namespace(_) | ast::Base::Name(_))
            })
        {
            return; // namespaces by name are no more tomorrow
        }
        let asserts = block.body.iter().any(|statement| match statement {
            Statement::Sentence(ast::Sentence { kind: ast::SentenceKind::Reach(reach), .. }) => {
                matches!(reach.verb, Verb::Reaches | Verb::Cannot)
            }
            _ => false,
        });
        if asserts {
            return; // a test asks what holds today
        }
        let span = match subject {
            Subject::Set(set) => set.span,
            Subject::EachNamespace(span) => *span,
        };
        let message = "this block holds for the namespaces of today, and for later ones with the next build";
        let promises = block.body.iter().any(|statement| match statement {
            Statement::Sentence(sentence) => match &sentence.kind {
                ast::SentenceKind::Posture(_) => true,
                ast::SentenceKind::Reach(reach) => !matches!(reach.verb, Verb::May | Verb::MayPing),
            },
            Statement::Apply(_) => true,
            _ => false,
        });
        let place = scope.place(span);
        self.report(match promises {
            true => {
                Diagnostic::warning(Code::W0111, message).at(place, "later ones are not guarded until then")
            }
            false => Diagnostic::note(Code::W0111, message).at(place, "bound to today's inventory"),
        });
    }

    /// Whether a block's head names clusters of the project.
    fn check_cluster(&mut self, head: &BlockHead, scope: Scope) -> bool {
        let project = match self.setting.project {
            Some((project, _)) if !project.clusters.is_empty() => project,
            other => {
                let message = match other {
                    None => "this program belongs to no project, and no cluster has a name",
                    Some(_) => "the project names no cluster",
                };
                self.report(
                    Diagnostic::error(Code::E0217, message)
                        .at(scope.place(head_span(head)), "clusters are named in `weir.toml`")
                        .with_help("add a `weir.toml` with a table `[clusters.NAME]` for each cluster"),
                );
                return false;
            }
        };
        let names: Vec<&str> = project.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        let all = format!("the clusters are {}", listed(&names, "and"));
        match head {
            BlockHead::Cluster(name) if !names.contains(&name.text.as_str()) => {
                let place = scope.place(name.span);
                let near = names::nearest(&name.text, names.iter().copied());
                let said = Diagnostic::error(Code::E0217, format!("there is no cluster `{}`", name.text))
                    .at(place, "not in `weir.toml`")
                    .with_note(all);
                let said = match near.is_empty() {
                    true => said,
                    false => said.with_help(format!("did you mean {}?", listed(&near, "or"))),
                };
                self.report(near.into_iter().fold(said, |said, near| {
                    said.suggest(format!("`{near}`"), place, format::after_slash(&near))
                }));
                false
            }
            BlockHead::Clusters(filter) => {
                let Some(constraints) = self.constraints(filter, scope) else { return false };
                let admits = |cluster: &crate::Cluster| admits(&constraints, cluster);
                if project.clusters.iter().any(admits) {
                    return true;
                }
                self.report(
                    Diagnostic::error(Code::E0217, "no cluster has these labels")
                        .at(scope.place(filter.span), "matches nothing in `weir.toml`")
                        .with_note(all)
                        .with_help("clusters have labels there: `labels = { env = \"prod\" }`"),
                );
                false
            }
            _ => true,
        }
    }

    /// Whether a block's head names this cluster.
    pub(super) fn is_here(&self, head: &BlockHead) -> bool {
        let Some((_, cluster)) = self.setting.project else { return false };
        match head {
            BlockHead::Cluster(name) => cluster.name == name.text,
            BlockHead::Clusters(filter) => super::labels::plain_constraints(filter)
                .is_some_and(|constraints| admits(&constraints, cluster)),
            BlockHead::Namespace(_) | BlockHead::Each(..) => true,
        }
    }

    /// `until` ends a plain grant: the end of anything else would open the cluster.
    fn check_no_end(&mut self, sentence: &ast::Sentence, scope: Scope) {
        if let Some((_, span)) = sentence.clauses.until {
            self.report_end(scope.place(span));
        }
    }

    pub(super) fn report_end(&mut self, place: Place) {
        self.report(
            Diagnostic::error(Code::E0117, "`until` ends plain grants alone")
                .at(place, "this sentence has no end")
                .with_note("a guard or a promise that ended would open the cluster by itself")
                .with_help("drop it; a grant beside it may have an end of its own"),
        );
    }
}

fn admits(constraints: &crate::selector::Constraints, cluster: &crate::Cluster) -> bool {
    constraints.iter().all(|(key, constraint)| match key {
        Key::Label(key) => constraint.admits(cluster.labels.get(key.as_ref()).map(String::as_str)),
        _ => false,
    })
}

fn head_span(head: &BlockHead) -> Span {
    match head {
        BlockHead::Namespace(name) | BlockHead::Cluster(name) => name.span,
        BlockHead::Each(each, _) => *each,
        BlockHead::Clusters(filter) => filter.span,
    }
}
