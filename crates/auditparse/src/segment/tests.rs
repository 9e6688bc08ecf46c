use std::hint::black_box;

use crate::scan::looked_at;
use crate::{FieldErrorKind, Origin, Record};

/// The fields of a body as `key=text`, joined by `|`; the pieces are checked to be the body.
fn fields(record_type: &str, body: &str) -> String {
    let line = format!("type={record_type} msg=audit(1.001:1): {body}");
    let record = Record::parse(line.as_bytes()).unwrap();
    let pieces: Vec<u8> = record.segments().flat_map(|piece| piece.raw().to_vec()).collect();
    assert_eq!(pieces, record.body());
    let shown = record.fields().map(|field| {
        let mark = match field.origin() {
            Origin::Body => "",
            Origin::Message => "'",
            Origin::Enrichment => "^",
        };
        let key = String::from_utf8_lossy(field.key()).into_owned();
        format!("{mark}{key}={}", String::from_utf8_lossy(&field.text()))
    });
    shown.collect::<Vec<_>>().join("|")
}

fn problems(body: &str) -> Vec<(FieldErrorKind, usize)> {
    let line = format!("type=SYSCALL msg=audit(1.001:1): {body}");
    let record = Record::parse(line.as_bytes()).unwrap();
    record.problems().map(|problem| (problem.kind(), problem.offset())).collect()
}

#[test]
fn quotes_bare_words_and_enrichment() {
    assert_eq!(
        fields("SYSCALL", "comm=\"a b\" tty=(none) key=\x1dUID=\"root\" SADDR={ x=1 y=2 }"),
        "comm=a b|tty=(none)|key=|^UID=root|^SADDR=x=1 y=2"
    );
    assert_eq!(fields("SOCKADDR", "saddr=00\x1d"), "saddr=00");
    assert_eq!(fields("PATH", "name=\"a=b\" inode=1"), "name=a=b|inode=1");
}

#[test]
fn avc_verdict_and_permissions_are_fields() {
    assert_eq!(
        fields("AVC", "avc:  denied  { read write } for  pid=1 dest=8080"),
        "seresult=denied|seperms=read write|pid=1|dest=8080"
    );
    assert_eq!(
        fields("USER_AVC", "pid=1 msg='avc:  denied  { start } for auid=n/a exe=\"/x\" addr=?'"),
        "pid=1|'seresult=denied|'seperms=start|'auid=n/a|'exe=/x|'addr=?"
    );
}

#[test]
fn messages_with_apostrophes_inside_and_fields_behind() {
    assert_eq!(
        fields("USER_CMD", "pid=1 msg='cwd=\"/\" cmd=\"it's\" exe=\"/it's\" res=success'"),
        "pid=1|'cwd=/|'cmd=it's|'exe=/it's|'res=success"
    );
    assert_eq!(
        fields("USER", "msg='text=a message with 'quotes' and = signs exe=\"/x\"' UID=\"root\""),
        "'text=a message with 'quotes' and = signs|'exe=/x|UID=root"
    );
    assert_eq!(fields("X", "msg=' comm=\"systemd-update\"'"), "'comm=systemd-update");
}

#[test]
fn forms_of_old_releases() {
    assert_eq!(
        fields(
            "USER_AUTH",
            "user pid=13 msg='PAM: authentication acct=\"root\" : exe=\"/s\" \
             (hostname=h, addr=10.0.0.9, terminal=ssh res=success)'"
        ),
        "pid=13|'acct=root|'exe=/s|'hostname=h|'addr=10.0.0.9|'terminal=ssh|'res=success"
    );
    assert_eq!(
        fields("LOGIN", "pid=2 uid=0 old auid=4294967295 new auid=0 old ses=1 new ses=3"),
        "pid=2|uid=0|old-auid=4294967295|auid=0|old-ses=1|ses=3"
    );
    assert_eq!(
        fields("DAEMON_START", "auditd start, ver=2.4.5 res=success"),
        "ver=2.4.5|res=success"
    );
}

#[test]
fn unquoted_values_with_blanks() {
    assert_eq!(
        fields("X", "subj=docker-default (enforce) key=a"),
        "subj=docker-default (enforce)|key=a"
    );
    assert_eq!(
        fields("X", "subj==/usr/sbin/ntpd (enforce) key=a"),
        "subj==/usr/sbin/ntpd (enforce)|key=a"
    );
    assert_eq!(
        fields("X", "msg='op=adding user to group acct=\"c\"'"),
        "'op=adding user to group|'acct=c"
    );
    assert_eq!(fields("X", "pid=12 abc"), "pid=12");
}

#[test]
fn what_is_cut_is_said_and_where() {
    assert_eq!(problems("pid=1 exe=\"/usr/b"), [(FieldErrorKind::UnterminatedQuote, 6)]);
    assert_eq!(problems("pid=1 ex"), [(FieldErrorKind::StrayWord, 6)]);
    assert_eq!(problems("pid=1 msg='op=x"), [(FieldErrorKind::UnterminatedQuote, 6)]);
    assert_eq!(
        problems("a=1\x1dSADDR={ fam=local path=x"),
        [(FieldErrorKind::UnterminatedBrace, 4)]
    );
    assert_eq!(problems("user pid=1 a=\"b\" tty=(none)"), []);
}

/// Any byte that the grammar knows, and one that it does not.
const BYTES: &str = "()={},\"' :\u{1d}x";

/// What changes how the rest of a part is read.
const FRONTS: [&str; 7] = ["", "msg='", "msg='(", "avc: ", "op=", "old ", "a="];

#[test]
fn time_is_linear_in_any_pattern_that_repeats() {
    let of_two = BYTES.chars().flat_map(|a| BYTES.chars().map(move |b| format!("{a}{b}")));
    let words = ["old ", "avc: { ", "denied ", "msg='", "x={", "op=x ", "(a=,"].map(str::to_owned);
    for (pattern, size) in of_two.map(|pattern| (pattern, 1 << 12)).chain(
        words.into_iter().map(|pattern| (pattern, 1 << 12)).chain([("(".to_owned(), 1 << 20)]),
    ) {
        for front in FRONTS {
            let body = format!("{front}{}", pattern.repeat(size / pattern.len()));
            let line = format!("type=USER_AVC msg=audit(1.001:1): {body}");
            let record = Record::parse(line.as_bytes()).unwrap();
            let bytes = looked_at::by(|| _ = black_box(record.segments().count()));
            assert!(bytes <= 8 * line.len(), "{bytes} bytes looked at for {front}{pattern}…");
            let bytes = looked_at::by(|| _ = black_box(record.fields().count()));
            assert!(bytes <= 8 * line.len(), "{bytes} bytes looked at for {front}{pattern}…");
        }
    }
}
