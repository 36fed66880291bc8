//! `Work`: one claim per session at a time.

use super::{Rig, each_engine, session};
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::ports::work::Work;

each_engine!(one_claim_at_a_time, many_claimants_one_winner, a_bar_stays_until_it_is_taken_away);

#[allow(clippy::unused_async, reason = "the suite's shape")]
async fn one_claim_at_a_time(rig: Rig) {
    let (one, two) = (session("s1"), session("s2"));
    assert!(!rig.work.taken(&one).unwrap());
    let claim = rig.work.claim(&one).unwrap().unwrap();
    assert_eq!(claim.session(), &one);
    assert!(rig.work.taken(&one).unwrap());
    assert!(rig.work.claim(&one).unwrap().is_none());
    assert!(rig.work.claim(&two).unwrap().is_some());
    drop(claim);
    assert!(!rig.work.taken(&one).unwrap());
    assert!(rig.work.claim(&one).unwrap().is_some());
}

#[allow(clippy::unused_async, reason = "the suite's shape")]
async fn a_bar_stays_until_it_is_taken_away(rig: Rig) {
    let (one, two) = (session("s1"), session("s2"));
    rig.work.bar(&one, false).unwrap();
    for _ in 0..2 {
        let claim = rig.work.claim(&one).unwrap().unwrap();
        assert!(!rig.work.barred(&one).unwrap());
        rig.work.bar(&one, true).unwrap();
        rig.work.bar(&one, true).unwrap();
        drop(claim);
        assert!(rig.work.barred(&one).unwrap() && !rig.work.barred(&two).unwrap());
        rig.work.bar(&one, false).unwrap();
    }
}

async fn many_claimants_one_winner(rig: Rig) {
    for round in 0..20 {
        let id = session(&format!("s{round}"));
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (work, id) = (rig.work.clone(), id.clone());
                tokio::spawn(async move { work.claim(&id).unwrap() })
            })
            .collect();
        let mut claims = Vec::new();
        for task in tasks {
            claims.extend(task.await.unwrap());
        }
        assert_eq!(claims.len(), 1, "round {round}");
    }
}

#[tokio::test]
async fn a_second_handle_sees_the_claim_and_odd_names_make_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (Sqlite::open(dir.path()).unwrap(), Sqlite::open(dir.path()).unwrap());
    let claim = a.claim(&session("s1")).unwrap().unwrap();
    assert!(b.claim(&session("s1")).unwrap().is_none());
    assert!(b.taken(&session("s1")).unwrap());
    drop(claim);
    assert!(b.claim(&session("s1")).unwrap().is_some());
    for odd in ["", "../../escape", "a/b", "UPPER", ".."] {
        assert!(a.claim(&session(odd)).is_err(), "{odd}");
        assert!(a.taken(&session(odd)).is_err(), "{odd}");
    }
    assert!(!a.taken(&session("never")).unwrap());
    assert!(!a.barred(&session("never")).unwrap());
    a.bar(&session("s1"), true).unwrap();
    assert!(b.barred(&session("s1")).unwrap(), "another handle sees the bar");
    b.bar(&session("s1"), false).unwrap();
    let files = std::fs::read_dir(dir.path().join("locks")).unwrap().count();
    assert_eq!(files, 1);
}
