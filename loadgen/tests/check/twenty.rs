//! Twenty modes, look-alikes that hold nothing back among them, each seen three times over real sockets: 60 of 60.
//!
//! The same on scripted time, thirty seeds each, is `verdict/tests/scripted/twenty.rs`. Source: measuring section 9,
//! criterion 6.

use crate::table::{Case, Pace, Truth, assert_found, short, sized, three};
use run_record::verdict::{HoldBy, Reason, Word};

#[test]
fn sixty_of_sixty() {
    let live = || Truth::is(Word::Live);
    let by_size = |bytes| Truth::held(Word::Batched, HoldBy::Size).of(bytes);
    let by_time = |ms| Truth::held(Word::Batched, HoldBy::Time).of(ms);
    let whole = Truth::held(Word::Buffered, HoldBy::End).may("hold.size-unknown");
    let unflushed = Truth::one_of(&[Word::Buffered, Word::Batched]);
    // Where segments are as small as on a network a full one goes at once.
    let corked = by_time(200.0).may("hold.segment");
    let behind = Truth::held(Word::Batched, HoldBy::Event);
    let first = Truth::held(Word::Batched, HoldBy::First)
        .of(500.0)
        .with("first.late");
    let late_head = live().with("head.late");
    let silent = Truth::undecided(Reason::Silence);
    // Without send times nobody can tell a source that publishes in groups from a hold.
    let nobody_knows = Truth::one_of(&[Word::Live, Word::Batched, Word::Inconclusive]);
    let backlog = live().may("backlog.on-connect");
    let usual = [sized(50, 300), short(10)];
    let fast = [sized(100, 1024), sized(50, 300)];
    let modes: [(&str, [Pace; 2], Truth, Truth); 20] = [
        ("", usual, live(), live()),
        (
            "&count=60&mode=hold-all",
            [sized(20, 1024), short(20)],
            whole.clone(),
            whole.clone(),
        ),
        (
            "&count=60&mode=content-length",
            [sized(20, 1024), short(20)],
            whole.clone(),
            whole,
        ),
        (
            "&mode=hold-size:1000",
            usual,
            by_size(1000.0),
            by_size(1000.0),
        ),
        (
            "&mode=hold-size:4096",
            usual,
            by_size(4096.0),
            by_size(4096.0),
        ),
        (
            "&mode=hold-size:8192",
            fast,
            by_size(8192.0),
            by_size(8192.0),
        ),
        (
            "&mode=hold-size:16384",
            fast,
            by_size(16_384.0),
            by_size(16_384.0),
        ),
        (
            "&mode=hold-size:65536",
            [sized(200, 3000), fast[0]],
            by_size(65_536.0),
            by_size(65_536.0),
        ),
        (
            "&mode=hold-time:50ms",
            [short(100), short(10)],
            by_time(50.0),
            by_time(50.0),
        ),
        (
            "&mode=hold-time:1s",
            usual,
            by_time(1_000.0),
            by_time(1_000.0),
        ),
        ("&mode=gzip", usual, live(), live()),
        (
            "&mode=gzip-unflushed",
            [fast[0], short(20)],
            unflushed.clone(),
            unflushed,
        ),
        ("&mode=late-head", usual, late_head.clone(), late_head),
        (
            "&mode=late-first:500ms",
            [short(20), short(50)],
            first,
            backlog,
        ),
        ("&mode=lag-one", [short(10), sized(20, 300)], behind, live()),
        ("&mode=cork", [short(20), short(10)], corked.clone(), corked),
        (
            "&mode=comments-only",
            [short(10), short(5)],
            silent.clone(),
            silent,
        ),
        ("", [short(1), short(2)], live(), live()),
        ("&jitter=exp", usual, live(), live()),
        ("&burst=5", [short(2), short(4)], live(), nobody_knows),
    ];
    let cases: Vec<Case> = modes
        .iter()
        .flat_map(|(extra, paces, cooperating, foreign)| three(*paces, extra, cooperating, foreign))
        .collect();
    assert_eq!(cases.len(), 60);
    assert_found(&cases);
    println!("verdicts | twenty modes over sockets | 60 of 60");
}
