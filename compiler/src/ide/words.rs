//! The words of a file that name something, each with the role it plays where it stands. Looks at the tree alone.

use weir_grammar::Span;
use weir_grammar::ast::*;

use crate::uses;

/// One word of a file. The span is the name's own, with its quotes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word<'t> {
    pub span: Span,
    pub role: Role<'t>,
    /// The policy that it stands in.
    pub policy: Option<&'t Policy>,
    /// The namespace of the `in namespace` block that it stands in.
    pub namespace: Option<&'t Name>,
    /// Whether it stands in an `in each` block: bare names are looked up in each namespace by itself.
    pub in_each: bool,
    /// Of a bare name that is handed to a policy: where, and as its how manyth argument. It may name no set.
    pub argument: Option<(&'t Apply, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role<'t> {
    /// Where a `let` is defined.
    LetDefinition(&'t Let),
    PolicyDefinition(&'t Policy),
    ParamDefinition(&'t Policy, &'t Param),
    /// The kind behind a parameter: `pods`, `port`, …
    ParamKind(&'t Name),
    TestName(&'t Name),
    Module(&'t Name),
    /// A set by its name alone.
    Bare(&'t Name),
    /// A workload, service or service account, behind `/` or behind its kind.
    Thing {
        kind: Option<KindWord>,
        namespace: Option<&'t NamespaceName>,
        name: &'t Name,
    },
    /// A namespace: behind `namespace`, before `/`.
    Namespace(&'t Name),
    /// `team-*`
    Pattern(&'t Name),
    Cluster(&'t Name),
    /// A policy that is applied.
    Policy(&'t Apply),
    LabelKey {
        of: Labels,
        key: &'t Name,
    },
    LabelValue {
        of: Labels,
        key: &'t Name,
        value: &'t Name,
    },
    Builtin(Builtin),
    Address(Address),
    Host(&'t str),
    Port(&'t Port),
    HttpMethod(&'t HttpRequest),
    HttpPath(&'t Name),
    Reason(&'t Name),
    Until(Day),
}

/// Whose labels brackets read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    Pods,
    Namespaces,
    Clusters,
}

/// Every word of a file, in the order of the text.
pub fn words(file: &File) -> Vec<Word<'_>> {
    let mut walk = Walk { words: Vec::new(), policy: None, namespace: None, in_each: false, argument: None };
    walk.statements(&file.statements);
    walk.words.sort_by_key(|word| word.span);
    walk.words
}

/// The word that an offset is in, or just behind.
pub fn word_at(file: &File, offset: u32) -> Option<Word<'_>> {
    let words = words(file);
    let inside = |word: &&Word<'_>| word.span.start <= offset && offset < word.span.end;
    let behind = |word: &&Word<'_>| word.span.end == offset;
    words.iter().find(inside).or_else(|| words.iter().find(behind)).copied()
}

struct Walk<'t> {
    words: Vec<Word<'t>>,
    policy: Option<&'t Policy>,
    namespace: Option<&'t Name>,
    in_each: bool,
    argument: Option<(&'t Apply, usize)>,
}

impl<'t> Walk<'t> {
    fn add(&mut self, span: Span, role: Role<'t>) {
        let Walk { policy, namespace, in_each, argument, .. } = *self;
        self.words.push(Word { span, role, policy, namespace, in_each, argument });
    }

    fn statements(&mut self, statements: &'t [Statement]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &'t Statement) {
        match statement {
            Statement::Error(_) => {}
            Statement::Let(tree) => {
                self.add(tree.name.span, Role::LetDefinition(tree));
                match &tree.value {
                    LetValue::Set(set) => self.set(set),
                    LetValue::Partition(partition) => {
                        let role = Role::LabelKey { of: Labels::Namespaces, key: &partition.key };
                        self.add(partition.key.span, role);
                    }
                }
            }
            Statement::Use(tree) => self.add(tree.module.span, Role::Module(&tree.module)),
            Statement::Block(tree) => self.block(tree),
            Statement::Policy(tree) => {
                self.add(tree.name.span, Role::PolicyDefinition(tree));
                for param in &tree.params {
                    self.add(param.name.span, Role::ParamDefinition(tree, param));
                    if let Some(kind) = &param.kind {
                        self.add(kind.span, Role::ParamKind(kind));
                    }
                }
                let outer = self.policy.replace(tree);
                self.statements(&tree.body);
                self.policy = outer;
            }
            Statement::Apply(tree) => {
                self.add(tree.name.span, Role::Policy(tree));
                for (at, argument) in tree.args.iter().enumerate() {
                    match argument {
                        Argument::Set(set) => {
                            self.argument = uses::bare(set).map(|_| (tree, at));
                            self.set(set);
                            self.argument = None;
                        }
                        Argument::Port(port) => self.port(port),
                    }
                }
            }
            Statement::Test(tree) => {
                self.add(tree.name.span, Role::TestName(&tree.name));
                self.statements(&tree.body);
            }
            Statement::Sentence(tree) => self.sentence(tree),
        }
    }

    fn block(&mut self, tree: &'t Block) {
        let outer = (self.namespace, self.in_each);
        match &tree.head {
            BlockHead::Namespace(name) => {
                self.add(name.span, Role::Namespace(name));
                self.namespace = Some(name);
            }
            BlockHead::Each(_, subject) => {
                self.subject(subject);
                self.in_each = true;
            }
            BlockHead::Cluster(name) => self.add(name.span, Role::Cluster(name)),
            BlockHead::Clusters(filter) => self.filter(filter, Labels::Clusters),
        }
        self.statements(&tree.body);
        (self.namespace, self.in_each) = outer;
    }

    fn sentence(&mut self, tree: &'t Sentence) {
        match &tree.kind {
            SentenceKind::Posture(posture) => self.subject(&posture.subject),
            SentenceKind::Reach(reach) => {
                self.set(&reach.subject);
                self.set(&reach.object);
                reach.on.iter().for_each(|port| self.port(port));
                for request in reach.over.iter().flat_map(|over| &over.requests) {
                    let method = Span { start: request.span.start, end: request.path.span.start };
                    let length = request.method.len() as u32;
                    self.add(Span { end: method.start + length, ..method }, Role::HttpMethod(request));
                    self.add(request.path.span, Role::HttpPath(&request.path));
                }
            }
        }
        if let Some(reason) = &tree.clauses.because {
            self.add(reason.span, Role::Reason(reason));
        }
        if let Some((day, span)) = tree.clauses.until {
            self.add(span, Role::Until(day));
        }
    }

    fn subject(&mut self, subject: &'t Subject) {
        if let Subject::Set(set) = subject {
            self.set(set);
        }
    }

    fn set(&mut self, set: &'t Set) {
        set.operands.iter().for_each(|operand| self.operand(operand));
    }

    fn operand(&mut self, operand: &'t Operand) {
        match &operand.base {
            Base::Name(name) => self.add(name.span, Role::Bare(name)),
            Base::Qualified { namespace, name } => self.thing(None, Some(namespace), name),
            Base::Kinded { kind, namespace, name } => self.thing(Some(*kind), namespace.as_ref(), name),
            Base::Namespace(name) => self.add(name.span, Role::Namespace(name)),
            Base::Pattern(pattern) => self.add(pattern.span, Role::Pattern(pattern)),
            Base::Namespaces(filter) => self.filter(filter, Labels::Namespaces),
            Base::Group(inner) => self.set(inner),
            Base::Builtin(builtin) => self.add(first(operand), Role::Builtin(*builtin)),
            Base::Address(address) => self.add(first(operand), Role::Address(*address)),
            Base::Host(host) => self.add(first(operand), Role::Host(host)),
        }
        operand.filters.iter().for_each(|filter| self.filter(filter, Labels::Pods));
        operand.port.iter().for_each(|port| self.port(port));
    }

    fn thing(&mut self, kind: Option<KindWord>, namespace: Option<&'t NamespaceName>, name: &'t Name) {
        match namespace {
            Some(NamespaceName::Name(home)) => self.add(home.span, Role::Namespace(home)),
            Some(NamespaceName::Pattern(pattern)) => self.add(pattern.span, Role::Pattern(pattern)),
            None => {}
        }
        self.add(name.span, Role::Thing { kind, namespace, name });
    }

    fn filter(&mut self, filter: &'t Filter, of: Labels) {
        for requirement in &filter.requirements {
            let key = &requirement.key;
            self.add(key.span, Role::LabelKey { of, key });
            if let Test::In(values) | Test::NotIn(values) = &requirement.test {
                for value in values {
                    self.add(value.span, Role::LabelValue { of, key, value });
                }
            }
        }
    }

    fn port(&mut self, port: &'t Port) {
        self.add(port.span, Role::Port(port));
    }
}

/// The first word of an operand, which is all of it but for its brackets and port.
fn first(operand: &Operand) -> Span {
    let behind = operand.filters.first().map(|filter| filter.span.start);
    let port = operand.port.as_ref().map(|port| port.span.start.saturating_sub(1));
    Span { end: behind.or(port).unwrap_or(operand.span.end), ..operand.span }
}
