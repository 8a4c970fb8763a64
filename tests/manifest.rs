//! Texts that people paste, and what they are told.

use everynode::engine::{Check, check};
use everynode::manifest::{Finding, Severity, read};

const GOOD: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels:
      app: agent
  template:
    metadata:
      labels:
        app: agent
    spec:
      containers:
      - name: agent
        image: nginx:1.27
";

/// The one finding of a text, with its line and column.
fn only(text: &str) -> Finding {
    let check = check(text);
    assert_eq!(check.findings.len(), 1, "{:#?}", check.findings);
    check.findings.into_iter().next().expect("one finding")
}

fn at(finding: &Finding) -> (usize, usize) {
    (finding.span.line, finding.span.column)
}

fn mend(finding: &Finding) -> &str {
    finding.mend.as_deref().unwrap_or_default()
}

/// The text after the finding's fix.
fn fixed(text: &str, finding: &Finding) -> String {
    let fix = finding.fix.as_ref().expect("a fix");
    let offset = |line: usize, column: usize| {
        let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        before + text[before..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
    };
    let (start, end) = (offset(fix.span.line, fix.span.column), offset(fix.span.end_line, fix.span.end_column));
    format!("{}{}{}", &text[..start], fix.replacement, &text[end..])
}

fn clean(check: &Check) -> bool {
    check.findings.is_empty() && check.documents.len() == 1
}

#[test]
fn a_good_manifest_has_no_findings() {
    let check = check(GOOD);
    assert!(clean(&check), "{:?}", check.findings);
    let document = &check.documents[0].document;
    assert_eq!(
        (document.kind.as_str(), document.name.as_str(), document.namespace.as_str()),
        ("DaemonSet", "agent", "")
    );
    assert_eq!(document.line, 1);
    assert!(check.documents[0].hash.is_some());
}

#[test]
fn every_field_has_a_place() {
    let document = read(GOOD).documents.remove(0);
    let place = |path: &str| document.position(path).map(|span| (span.line, span.column, span.end_column));
    assert_eq!(place("spec.template.spec.containers[0].image"), Some((16, 16, 26)));
    assert_eq!(place("spec.selector"), Some((6, 3, 11)));
    assert_eq!(place("spec.template.spec.containers[0]"), Some((15, 9, 13)));
    assert_eq!(place("spec.template.spec.containers[0].ports[3].name"), Some((15, 9, 13)), "the nearest parent");
    let text = "apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n  labels:\n    kubernetes.io/os: linux\n";
    let document = read(text).documents.remove(0);
    assert_eq!(
        document.position("metadata.labels.kubernetes.io/os"),
        document.position("metadata.labels[kubernetes.io/os]")
    );
    assert_eq!(document.position("metadata.labels.kubernetes.io/os").map(|span| span.column), Some(23));
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    assert!(clean(&check(&GOOD.replace('\n', "\r\n"))));
    assert!(clean(&check(&format!("\u{feff}{GOOD}"))));
    assert!(clean(&check(GOOD.trim_end())));
    assert!(clean(&check(&format!("---\n\n---\n# nothing\n---\n{GOOD}---\n"))));
}

#[test]
fn json_is_read_too() {
    let text = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Namespace\",\n\t\"metadata\": {\"name\": \"a\", \"annotations\": {\"b\": \"\\ud83d\\ude00 \\/\"}}\n}";
    let check = check(text);
    assert!(clean(&check), "{:?}", check.findings);
    assert_eq!(check.documents[0].object.to_json().matches("😀 /").count(), 1);
    let finding = only("{\"apiVersion\": \"apps/v1\",");
    assert_eq!(finding.message, "unexpected EOF");
}

#[test]
fn brackets_and_quotes_may_close_at_the_margin() {
    let text = GOOD.replace(
        "nginx:1.27\n",
        "nginx:1.27\n        args: [\n          \"a\",\n          b\n        ]\n        tty:\ttrue\n",
    );
    let check = check(&text);
    assert!(clean(&check), "{:?}", check.findings);
    assert_eq!(
        check.documents[0].document.position("spec.template.spec.containers[0].args[1]").map(|s| (s.line, s.column)),
        Some((19, 11))
    );
}

#[test]
fn members_of_lists_are_documents() {
    let item = |name: &str| format!("- apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: {name}\n");
    let check = check(&format!("apiVersion: v1\nkind: List\nitems:\n{}{}", item("a"), item("B")));
    let names: Vec<&str> = check.documents.iter().map(|document| document.document.name.as_str()).collect();
    assert_eq!(names, ["a", "B"]);
    assert_eq!(check.documents[1].document.line, 8);
}

#[test]
fn a_tab_is_named_with_its_line() {
    let finding = only(&GOOD.replace("  selector:", "\tselector:"));
    assert_eq!(at(&finding), (6, 1));
    assert_eq!(
        finding.message,
        "error converting YAML to JSON: yaml: line 6: found character that cannot start any token"
    );
    assert!(mend(&finding).contains("spaces"));
    let finding = only(&GOOD.replace("    spec:\n", "    spec:\n\t\n"));
    assert_eq!(at(&finding), (14, 1));
}

#[test]
fn what_was_copied_around_a_manifest_is_named() {
    let numbered: String = GOOD.lines().enumerate().map(|(at, line)| format!("{} {line}\n", at + 1)).collect();
    let added: String = GOOD.lines().map(|line| format!("+{line}\n")).collect();
    for (text, word) in [
        (format!("$ cat <<EOF | kubectl apply -f -\n{GOOD}EOF\n"), "shell"),
        (format!("cat <<'EOF' | kubectl apply -f -\n{GOOD}EOF\n"), "shell"),
        (format!("```yaml\n{GOOD}```\n"), "Markdown"),
        (format!("<<<<<<< HEAD\n{GOOD}=======\n{GOOD}>>>>>>> other\n"), "Git"),
        (format!("<pre>\n{}</pre>\n", GOOD.replace('\n', "<br>\n")), "HTML"),
        (format!("{added}+\n"), "diff"),
        (added, "diff"),
        (format!("{numbered}18 \n"), "number"),
        (numbered, "number"),
    ] {
        let finding = only(&text);
        assert_eq!(at(&finding), (1, 1), "{finding:?}");
        assert!(mend(&finding).contains(word), "{finding:?}");
    }
}

#[test]
fn merges_cannot_swell_a_short_text() {
    let doubled = |level: usize| format!("b{level}: &b{level}\n  <<: [*b{}, *b{}]\n", level - 1, level - 1);
    let text = format!("b0: &b0 {{x: 1}}\n{}", (1..40).map(doubled).collect::<String>());
    assert!(only(&text).message.contains("excessive aliasing"));
}

#[test]
fn of_thousands_of_errors_some_are_told_and_never_none() {
    let skipped = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";
    let many = format!("{}---\n{}", skipped.repeat(250), GOOD.replace("apps/v1", "apps/v2"));
    let many = format!("{many}{}", skipped.repeat(250));
    let found = check(&many);
    assert!(found.findings.len() <= 200);
    assert!(found.has_errors());
    let containers = "      - name: c\n        image: x\n".repeat(1000);
    assert_eq!(check(&format!("{GOOD}{containers}")).findings.len(), 200);
}

#[test]
fn a_helm_template_is_recognised() {
    for line in [
        "  name: {{ .Release.Name }}",
        "  {{- if .Values.x }}",
        "  name: agent\n  labels:\n    {{- toYaml .Values.labels | nindent 4 }}",
    ] {
        let finding = only(&GOOD.replace("  name: agent\n", &format!("{line}\n")));
        assert!(mend(&finding).contains("helm template"), "{finding:?}");
        assert_eq!(finding.span.line, if line.contains("labels") { 6 } else { 4 });
    }
    assert!(clean(&check(&GOOD.replace("nginx:1.27", "\"{{ image }}\""))), "quoted braces are only text");
}

/// What go-yaml says of broken texts, and of what is YAML but no map that JSON could hold. The line is counted from 1
/// where its scanner speaks and from 0 where its parser does, and left out where it is the first.
#[test]
fn broken_yaml_is_told_in_go_yamls_words() {
    let image = |value: &str| GOOD.replace("nginx:1.27", value);
    let cases = [
        (
            image("{{ .Values.image }}"),
            "invalid map key: map[interface {}]interface {}{\".Values.image\":interface {}(nil)}",
        ),
        (image("{[a, 1]: b}"), "invalid map key: []interface {}{\"a\", 1}"),
        // The whole text is read before values are made of it.
        (
            image("{{ .Values.image }}").replace("name: agent\n        ", "name: {{ .a }}:{{ .b }}\n        "),
            "line 14: did not find expected key",
        ),
        (image("{{ .Values.image }}:{{ .Values.tag }}"), "line 15: did not find expected key"),
        (image("{{- .Values.image -}}"), "line 15: did not find expected node content"),
        (image("]"), "line 15: did not find expected node content"),
        (image(",a"), "line 15: did not find expected node content"),
        (format!("{GOOD}        args: [\n"), "line 17: did not find expected node content"),
        (image("'nginx"), "line 17: found unexpected end of stream"),
        (GOOD.replace("- name: agent", "- name: 'agent"), "line 17: found unexpected end of stream"),
        (
            GOOD.replace("- name: agent", "- name: \"agent").replace("nginx:1.27", "\"nginx:1.27\""),
            "line 15: did not find expected key",
        ),
        (format!("{{{{- if .Values.enabled }}}}\n{GOOD}{{{{- end }}}}\n"), "did not find expected node content"),
        (format!("%YAML 1.2\n---\n{GOOD}"), "found incompatible YAML document"),
        (format!("%YAML 1.1\n---\n{GOOD}"), "line 1: did not find expected <document start>"),
        (format!("%FOO\n---\n{GOOD}"), "found unknown directive name"),
        ("apiVersion: apps/v1: x".to_owned(), "mapping values are not allowed in this context"),
        ("@x".to_owned(), "found character that cannot start any token"),
    ];
    for (text, told) in cases {
        let message = &check(&text).findings[0].message;
        assert_eq!(message, &format!("error converting YAML to JSON: yaml: {told}"), "{text}");
    }
}

/// As Go quotes them: what cannot be seen is spelt out.
#[test]
fn what_is_refused_is_quoted_as_go_quotes() {
    let told = |name: &str| {
        let text = GOOD.replace("name: agent\nspec", &format!("name: {name}\nspec"));
        check(&text).documents[0].refusal("STDIN").unwrap_or_default()
    };
    for (name, quoted) in [
        ("age\u{200b}nt", r#""age\u200bnt""#),
        ("age\u{a0}nt", r#""age\u00a0nt""#),
        (r#""a\a\v\x01\\\"""#, r#""a\a\v\x01\\\"""#),
        ("agént\u{1f600}", "\"agént\u{1f600}\""),
        ("a\u{e0001}", r#""a\U000e0001""#),
    ] {
        let start = format!("The DaemonSet {quoted} is invalid: metadata.name: Invalid value: {quoted}: ");
        assert!(told(name).starts_with(&start), "{}", told(name));
    }
}

/// kubectl knows a kind by its name and by that in small letters; the server refuses the second.
#[test]
fn kinds_are_known_by_their_exact_case() {
    let told = |kind: &str| check(&GOOD.replace("DaemonSet", kind)).documents[0].refusal("STDIN").unwrap_or_default();
    assert!(told("daemonset").contains("no kind \"daemonset\" is registered for version \"apps/v1\""));
    for kind in ["Daemonset", "DAEMONSET"] {
        assert!(
            told(kind).contains(&format!("no matches for kind \"{kind}\" in version \"apps/v1\"")),
            "{}",
            told(kind)
        );
    }
}

/// The annotation that is a field to the server must hold a number.
#[test]
fn the_template_generation_is_a_number() {
    let told = |value: &str, more: &str| {
        let annotation =
            format!("name: agent\n  annotations: {{deprecated.daemonset.template.generation: {value}}}\nspec:\n{more}");
        check(&GOOD.replace("name: agent\nspec:\n", &annotation)).documents[0].refusal("STDIN").unwrap_or_default()
    };
    assert_eq!(told("'5'", "") + &told("'-5'", "") + &told("'+5'", ""), "");
    let syntax = "cannot be handled as a DaemonSet: strconv.ParseInt: parsing \"x\": invalid syntax\n";
    assert!(told("x", "").ends_with(syntax), "{}", told("x", ""));
    // Conversion fails before strict decoding's remarks are told, and after a wrong type.
    assert!(told("x", "  replicas: 1\n").ends_with(syntax));
    assert!(told("x", "  minReadySeconds: x\n").ends_with("of type int32\n"));
    assert!(told("'9999999999999999999'", "").contains("value out of range"));
    // The other generation is the server's alone, and what is given does not matter.
    assert!(clean(&check(&GOOD.replace("name: agent\nspec:", "name: agent\n  generation: -7\nspec:"))));
}

#[test]
fn nothing_and_what_is_no_text_is_told() {
    for text in ["", "\n\n", "# nothing\n", "---\n---\n"] {
        assert_eq!(only(text).message, "no objects passed to create");
    }
    let finding = only(&GOOD.replace("agent\nspec", "ag\0ent\nspec"));
    assert_eq!(
        (at(&finding), finding.message.as_str()),
        ((4, 11), "error converting YAML to JSON: yaml: control characters are not allowed")
    );
    assert!(mend(&only(&"\u{1}\u{2}\u{3}".repeat(9))).contains("binary"));
    let finding = only(&"a: b\n".repeat(2 << 20));
    assert!(finding.message.contains("2 MB"));
}

#[test]
fn lost_indentation_is_put_back_where_it_is_certain() {
    let flat: String = GOOD.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    let finding = only(&flat);
    assert_eq!(at(&finding), (4, 1));
    assert!(finding.message.contains("indentation"));
    assert_eq!(fixed(&flat, &finding), GOOD);
    // Whether a label or the name of something is meant cannot be known.
    let unclear = flat.replace("app: agent\nspec", "app: agent\nnamespace: x\nspec");
    assert_eq!(only(&unclear).fix, None);
}

#[test]
fn a_longer_manifest_without_indentation_is_put_back_too() {
    let text = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
  namespace: kube-system
spec:
  updateStrategy:
    rollingUpdate:
      maxUnavailable: 10%
  selector:
    matchLabels:
      app: agent
  template:
    metadata:
      labels:
        app: agent
    spec:
      tolerations:
      - key: a
        operator: Exists
      - operator: Exists
      containers:
      - name: agent
        image: nginx:1.27
        resources:
          limits:
            memory: 200Mi
        env:
        - name: A
          value: b
        - name: B
          value: c
        args:
        - --v=2
        volumeMounts:
        - name: log
          mountPath: /log
      volumes:
      - name: log
        hostPath:
          path: /var/log
";
    let flat: String = text.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    assert_eq!(fixed(&flat, &only(&flat)), text);
}

#[test]
fn a_long_text_without_indentation_is_not_searched_for_ever() {
    let flat: String = GOOD.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    let many = format!("{flat}{}", "- name: a\nimage: b\n".repeat(50_000));
    assert_eq!(only(&many).fix, None);
    let doubtful = format!("{flat}env:\n{}", "- name: a\n".repeat(200));
    assert_eq!(only(&doubtful).fix, None);
}

#[test]
fn aliases_may_repeat_but_not_without_end() {
    let text = GOOD
        .replace("      app: agent\n  template", "      &x app: agent\n  template")
        .replace("image: nginx:1.27", "image: *x");
    assert_eq!(check(&text).documents[0].object.to_json().matches("\"image\":\"app\"").count(), 1);
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        bomb.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")));
    }
    assert!(only(&bomb).message.contains("excessive aliasing"));
    let finding = only(&GOOD.replace("image: nginx:1.27", "image: *gone"));
    assert_eq!(finding.message, "error converting YAML to JSON: yaml: unknown anchor 'gone' referenced");
}

#[test]
fn merge_keys_bring_in_fields() {
    let text = GOOD.replace("      - name: agent\n", "      - <<: {name: base, tty: true}\n        name: agent\n");
    let check = check(&text);
    assert!(clean(&check), "{:?}", check.findings);
    assert!(check.documents[0].object.to_json().contains(r#""name":"agent","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","tty":true"#));
}

#[test]
fn a_key_given_twice_is_a_warning_at_the_second() {
    let text = format!("{GOOD}        image: nginx:1.28\n");
    let finding = only(&text);
    assert_eq!((finding.severity, at(&finding)), (Severity::Warning, (17, 9)));
    assert_eq!(finding.path, "spec.template.spec.containers[0].image");
    assert_eq!(finding.message, "key \"image\" already set in map");
    assert!(mend(&finding).contains("line 16"));
    assert!(check(&text).documents[0].object.to_json().contains("nginx:1.28"), "the last one counts");
}

#[test]
fn a_misspelt_field_is_corrected() {
    let text = GOOD.replace("image:", "imge:");
    let check = check(&text);
    let finding = &check.findings[0];
    assert_eq!(finding.message, "unknown field \"spec.template.spec.containers[0].imge\"");
    assert_eq!((at(finding), finding.span.end_column), ((16, 9), 13));
    assert_eq!(mend(finding), "Did you mean `image`?");
    assert_eq!(fixed(&text, finding), GOOD);
    let finding = only(&GOOD.replace("spec:\n  selector", "spec:\n  replicas: 2\n  selector"));
    assert!(mend(&finding).contains("one pod on each"));
    assert_eq!(finding.fix, None);
}

#[test]
fn wrong_types_are_told_in_gos_words() {
    let text = GOOD.replace("app: agent\n  template", "app: 5\n  template");
    let finding = only(&text);
    assert_eq!(
        finding.message,
        "json: cannot unmarshal number into Go struct field LabelSelector.spec.selector.matchLabels of type string"
    );
    assert_eq!((at(&finding), finding.path.as_str()), ((8, 12), "spec.selector.matchLabels.app"));
    assert!(fixed(&text, &finding).contains("app: \"5\""));
    let finding = only(&GOOD.replace("    spec:\n", "    spec:\n      hostNetwork: \"true\"\n"));
    assert_eq!(finding.fix.as_ref().map(|fix| fix.replacement.as_str()), Some("true"));
    let finding = only(&GOOD.replace("nginx:1.27", "nginx:1.27\n        resources: {limits: {cpu: 5x}}"));
    assert!(finding.message.starts_with("quantities must match"));
    assert_eq!(at(&finding), (17, 35));
}

#[test]
fn old_versions_and_other_kinds() {
    let finding = only(&GOOD.replace("apps/v1", "extensions/v1beta1"));
    assert_eq!(finding.message, "no matches for kind \"DaemonSet\" in version \"extensions/v1beta1\"");
    assert_eq!(at(&finding), (1, 13));
    assert!(mend(&finding).contains("1.16") && mend(&finding).contains("apps/v1"));
    assert_eq!(fixed(&GOOD.replace("apps/v1", "extensions/v1beta1"), &finding), GOOD);
    let finding = only("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    {{ y }}\n");
    assert_eq!(
        (finding.severity, finding.message.as_str()),
        (Severity::Note, "ConfigMap is not simulated here and is skipped")
    );
    let text = GOOD.replace("DaemonSet", "DeamonSet");
    assert_eq!(fixed(&text, &only(&text)), GOOD);
    assert_eq!(only("kind: DaemonSet\nmetadata: {name: a}\n").message, "apiVersion not set");
}

#[test]
fn one_broken_document_leaves_the_others() {
    let check = check(&format!("a: [\n---\n{GOOD}---\nb: \"\n"));
    assert_eq!(check.documents.len(), 1);
    assert_eq!(check.documents[0].document.line, 3);
    let lines: Vec<usize> = check.findings.iter().map(|finding| finding.span.line).collect();
    assert_eq!(lines, [2, 20]);
}

#[test]
fn validation_errors_stand_at_their_field() {
    let finding = only(&GOOD.replace("      labels:\n        app: agent", "      labels:\n        app: other"));
    assert_eq!(at(&finding), (11, 7));
    assert_eq!(
        finding.message,
        "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`"
    );
    assert!(mend(&finding).contains("app: agent"));
    let finding = only(&GOOD.replace("      labels:\n", "      labels:\n        \"b c\": d\n"));
    assert_eq!((at(&finding), finding.path.as_str()), ((12, 9), "spec.template.labels"));
    let text = GOOD.replace("nginx:1.27", "nginx:1.27\n        imagePullPolicy: always");
    assert!(fixed(&text, &only(&text)).contains("imagePullPolicy: Always"));
    let node = "apiVersion: v1\nkind: Node\nmetadata:\n  name: a\nspec:\n  taints:\n  - {key: a, effect: NoRun}\n";
    assert_eq!(at(&only(node)), (7, 22));
}

/// A small generator of changes, the same at every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

#[test]
fn no_text_makes_it_panic() {
    let parts = [
        "{", "}", "[", "]", ": ", "- ", "\n", "\t", "'", "\"", "&a ", "*a", "<<: ", "!!", "%", "|\n", ">", "? ", "#",
        "---\n", "\0", "é", "\u{feff}",
    ];
    let mut dice = Dice(88_172_645_463_325_252);
    for _ in 0..3000 {
        let mut text: Vec<char> = GOOD.chars().collect();
        for _ in 0..1 + dice.roll(5) {
            let place = dice.roll(text.len() + 1);
            let end = (place + dice.roll(20)).min(text.len());
            match dice.roll(3) {
                0 => text.splice(place..place, parts[dice.roll(parts.len())].chars()).for_each(drop),
                1 => text.drain(place..end).for_each(drop),
                _ => {
                    let copy = text[place..end].to_vec();
                    let to = dice.roll(text.len() + 1);
                    text.splice(to..to, copy).for_each(drop);
                }
            }
        }
        check(&text.into_iter().collect::<String>());
    }
}

#[test]
fn what_copying_from_a_web_page_leaves_is_named() {
    let mends = |text: &str| {
        let findings = check(text).findings;
        findings.into_iter().filter_map(|finding| finding.mend).collect::<Vec<_>>().join("\n")
    };
    let manifest = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\n";
    assert!(mends(&manifest.replace("  ", "\u{a0}\u{a0}")).contains("no-break spaces"));
    assert!(mends(&format!("```yaml\n{manifest}```\n")).contains("Markdown"));
}

#[test]
fn what_is_around_a_manifest_is_named_and_taken_away() {
    let manifest = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: a\nspec:\n  selector:\n    matchLabels:\n      a: b\n  \
                    template:\n    metadata:\n      labels:\n        a: b\n    spec:\n      containers:\n      - name: a\n        image: nginx\n";
    let each = |prefix: &dyn Fn(usize) -> String| -> String {
        manifest.lines().enumerate().map(|(index, line)| format!("{}{line}\n", prefix(index))).collect()
    };
    let diff =
        each(&|_| " ".to_owned()).replace("         image: nginx", "-        image: other\n+        image: nginx");
    for (text, word) in [
        (format!("cat <<EOF | kubectl apply -f -\n{manifest}EOF\n"), "between it and the line `EOF`"),
        (
            format!("$ kubectl apply -f - <<'YAML'\n{manifest}YAML\n$ kubectl get ds\n"),
            "between it and the line `YAML`",
        ),
        (format!("cat > a.yaml <<EOF\n{manifest}"), "shell command"),
        (format!("{manifest}EOF\n"), "ends the text of a shell command"),
        (format!("```yaml\n{manifest}```\n"), "Markdown"),
        (format!("Save this:\n\n~~~\n{manifest}~~~\nand apply it.\n"), "Markdown"),
        (format!("{manifest}```\n"), "Markdown"),
        (format!("$ cat a.yaml\n{manifest}"), "a line of a shell"),
        (format!("root@host:~# cat a.yaml\n{manifest}"), "a line of a shell"),
        (diff.clone(), "This is a diff"),
        (format!("--- a.yaml\n+++ b.yaml\n@@ -1,16 +1,16 @@\n{diff}"), "This is a diff"),
        (each(&|_| "+".to_owned()), "This is a diff"),
        (each(&|_| "> ".to_owned()), "quotation"),
        (each(&|index| format!("{:>3}  ", index + 1)), "its number"),
        (each(&|index| format!("{:>3}: ", index + 1)), "its number"),
    ] {
        let findings = check(&text).findings;
        let found = findings.iter().find(|finding| finding.mend.as_ref().is_some_and(|mend| mend.contains(word)));
        let fix = found.and_then(|finding| finding.fix.as_ref()).unwrap_or_else(|| panic!("{text}{findings:?}"));
        let mended = everynode::view::fix::fixed(&text, fix).expect("its place is in the text");
        assert_eq!(mended.trim_end(), manifest.trim_end(), "{text}");
        assert!(check(&mended).findings.is_empty());
    }
    // Where there is no manifest, what it is instead.
    for (text, word) in [
        ("NAME   DESIRED   CURRENT\na      3         3\n", "table"),
        ("NAMESPACE     NAME   READY   STATUS\nkube-system   a   1/1   Running\n", "table"),
        ("Name:           a\nSelector:       a=b\nAnnotations:    a: 1\n", "describe"),
        ("kubectl get ds\n", "tab kubectl"),
        ("$ kubectl apply -f a.yaml\ndaemonset.apps/a created\n", "tab kubectl"),
        ("daemonset.apps/a created\n", "kubectl answers"),
        ("error: error validating \"a.yaml\": error validating data\n", "error message"),
        ("<!DOCTYPE html>\n<html><body>kind: DaemonSet</body></html>\n", "web page"),
        ("resource \"kubernetes_daemonset\" \"a\" {\n}\n", "Terraform"),
        ("{\n  \"metadata\": {{{ toJson .Values.meta }}},\n  \"spec\": {{ .Values.spec }}\n}\n", "Helm template"),
        ("{{{{{{{{{{{{", "Helm template"),
    ] {
        let findings = check(text).findings;
        let first = findings.first().and_then(|finding| finding.mend.as_deref()).unwrap_or_default();
        assert!(first.contains(word), "{text}{findings:?}");
        assert_eq!(findings[0].fix, None);
    }
    // And what only looks like it.
    for text in [manifest.to_owned(), format!("# $ kubectl apply\n{manifest}"), format!("{manifest}---\n{manifest}")] {
        assert!(check(&text).findings.iter().all(|finding| finding.fix.is_none()), "{text}");
    }
}

#[test]
fn odd_characters_and_far_misspellings_have_their_mend() {
    let escape = only(&GOOD.replace("nginx:1.27", r#""C:\q""#));
    assert_eq!((escape.span.line, mend(&escape).contains("single quotes")), (16, true), "{escape:?}");
    let far = only(&GOOD.replace("      containers", "      tolerashuns: [{operator: Exists}]\n      containers"));
    assert_eq!((far.span.line, mend(&far)), (14, "Did you mean `tolerations`?"));
    let unseen = only(&GOOD.replace("      containers", "      host\u{200b}Foo: true\n      containers"));
    assert!(mend(&unseen).contains("invisible"), "{unseen:?}");
}

/// What the first finding offers makes of a text.
fn offered(text: &str) -> Option<String> {
    let findings = check(text).findings;
    let first = findings.iter().find(|it| it.fix.is_some())?;
    let fixed = everynode::view::fix::fixed(text, first.fix.as_ref()?).expect("its place is in the text");
    Some(fixed)
}

#[test]
fn spaces_that_are_none_and_signs_that_nobody_sees_are_taken_away() {
    for (from, to) in [
        ("  ", "\u{a0}\u{a0}"),
        ("  ", " \u{a0}"),
        ("  ", "\u{2003}\u{2002}"),
        ("  ", "\u{3000} "),
        (": ", ":\u{a0}"),
        ("- name", "-\u{a0}name"),
        ("agent\n", "agent\u{a0}\n"),
        ("kind", "\u{200b}kind"),
        ("image", "im\u{200d}age"),
        ("\n", "\u{a0}\n"),
    ] {
        let text = GOOD.replace(from, to);
        let mended = offered(&text).unwrap_or_else(|| panic!("{to:?}: {:?}", check(&text).findings));
        assert!(check(&mended).findings.is_empty(), "{to:?}: {mended}");
        let value = |text: &str| check(text).documents[0].document.value.clone();
        assert_eq!(value(&mended), value(GOOD), "{to:?}");
    }
    // In quotes and in comments they may be meant.
    let meant = GOOD.replace("  name: agent\nspec", "  name: agent # a\u{a0}b\n  annotations: {a: \"b\u{a0}c\"}\nspec");
    assert!(clean(&check(&meant)));
    let both = meant.replace("  selector", "\u{a0} selector");
    assert_eq!(offered(&both), Some(meant));
}

#[test]
fn tabs_at_the_beginning_of_lines_become_spaces() {
    for text in [
        GOOD.replace("  ", "\t"),
        GOOD.replace("    ", "\t"),
        GOOD.replace("      app: agent\n  template", "\tapp: agent\n  template"),
        format!("# one\n---\n{}", GOOD.replace("  ", "\t")),
        GOOD.replace("  ", "\t").replace('\n', "\r\n"),
    ] {
        let mended = offered(&text).unwrap_or_else(|| panic!("{text}{:?}", check(&text).findings));
        assert!(clean(&check(&mended)), "{mended}");
    }
    // Whether it is a label or the name of the pod depends on how wide a tab is.
    let unclear = GOOD.replace("        app: agent\n    spec", "        app: agent\n    \tname: x\n    spec");
    assert_eq!(offered(&unclear), None);
}

#[test]
fn a_line_that_begins_in_a_column_of_its_own_is_moved_where_it_must_belong() {
    let first = |indent: &str| -> String {
        let rest = GOOD.split_once('\n').expect("lines").1;
        let rest: String = rest.lines().map(|line| format!("{indent}{line}\n")).collect();
        format!("apiVersion: apps/v1\n{rest}")
    };
    for (text, line) in [
        (GOOD.replace("  template", "   template"), 9),
        (GOOD.replace("        image", "       image"), 16),
        (GOOD.replace("        image", "         image"), 16),
        (GOOD.replace("    spec:\n", "   spec:\n"), 13),
        (GOOD.replace("  selector", " selector"), 6),
        (GOOD.replace("  name: agent\nspec", "   name: agent\n  labels: {a: b}\nspec"), 5),
        (format!(" {GOOD}"), 1),
        (format!("    {GOOD}"), 1),
        (first("    "), 1),
        (first(" "), 1),
        // Readable, but in the wrong place.
        (GOOD.replace("  template", "    template"), 9),
        // A part that was pasted at the cursor: its first line stands right, the others as they were elsewhere.
        (format!("{GOOD}        resources:\n  requests:\n    cpu: 100m\n"), 17),
        (GOOD.replace("      containers:", "      tolerations:\n- operator: Exists\n  key: a\n      containers:"), 14),
    ] {
        let mended = offered(&text).unwrap_or_else(|| panic!("{text}{:?}", check(&text).findings));
        let after = check(&mended);
        assert!(clean(&after), "{mended}");
        assert_ne!(text.lines().nth(line - 1), None);
    }
    for unclear in [
        // A label of the template, or the template's own name?
        GOOD.replace("        app: agent\n    spec", "        app: agent\n       name: x\n    spec"),
        GOOD.replace("nginx:1.27", "\"nginx"),
        "a: b\n   c: d\n".to_owned(),
    ] {
        assert_eq!(offered(&unclear), None, "{unclear}");
    }
}
