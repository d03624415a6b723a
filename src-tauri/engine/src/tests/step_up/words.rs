//! Programs that are allowed in words, where no key is known and nobody can be asked where they run.

use super::*;

/// As [`hand_out`], from where nobody reads.
fn unread(grant: &Grant, program: &str, pid: u32) -> Request {
    let Request::HandOut { of, assume, asker, may_sign_in, confirmed } = hand_out(grant, program, pid) else {
        unreachable!()
    };
    Request::HandOut { of, assume, asker: Asker { by_window: true, ..asker }, may_sign_in, confirmed }
}

fn worded(s: &Snapshot) -> bool {
    s.step_up.question.as_ref().is_some_and(|q| q.progress == Progress::Word)
}

async fn number(engine: &Engine) -> u64 {
    until(engine, worded).await.step_up.question.as_ref().unwrap().number
}

async fn without_keys() -> (Arc<World>, Engine) {
    in_world(|_| ()).await
}

#[tokio::test(start_paused = true)]
async fn what_is_allowed_is_handed_out_and_not_asked_about_again_for_a_while() {
    let (_world, engine) = without_keys().await;
    let waits = asks(&engine, unread(&admin(), "terraform", 42));
    let it = number(&engine).await;
    let shown = now(&engine);
    let question = shown.step_up.question.as_ref().unwrap();
    assert!(matches!(&question.wanted, For::Role { demand: Demand::Words, .. }), "{question:?}");
    assert_eq!(question.programs[0].name.as_deref(), Some("terraform"));
    assert!(!waits.is_finished());
    engine.ask(Request::StepUp(StepUpRequest::Allow { number: it })).await.unwrap();
    assert!(matches!(waits.await.unwrap(), Ok(Reply::Credentials(_))));
    let again = engine.ask(unread(&admin(), "terraform", 43)).await;
    assert!(matches!(again, Ok(Reply::Credentials(_))), "{again:?}");
    assert!(lines(&engine).iter().any(|e| matches!(e, Event::Confirmed { quiet: true, .. })));
    // Another program is another question, and so is the same one after a quarter of an hour.
    let other = asks(&engine, unread(&admin(), "aws", 44));
    let asked = number(&engine).await;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number: asked })).await.unwrap();
    assert_eq!(other.await.unwrap(), ended(Unanswered::Denied));
    pass(minutes(16)).await;
    let late = asks(&engine, unread(&admin(), "terraform", 45));
    number(&engine).await;
    assert!(!late.is_finished());
}

#[tokio::test(start_paused = true)]
async fn what_nobody_allows_in_time_is_not_handed_out() {
    let (world, engine) = without_keys().await;
    let waits = asks(&engine, unread(&admin(), "terraform", 42));
    number(&engine).await;
    pass(minutes(1) + jiff::SignedDuration::from_secs(1)).await;
    assert_eq!(waits.await.unwrap(), ended(Unanswered::NotAllowed));
    assert_eq!(world.count("role credentials"), 0);
    let denied = asks(&engine, unread(&admin(), "terraform", 42));
    let asked = number(&engine).await;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number: asked })).await.unwrap();
    assert_eq!(denied.await.unwrap(), ended(Unanswered::Denied));
    let at_once = engine.ask(unread(&admin(), "terraform", 42)).await;
    assert_eq!(at_once, ended(Unanswered::DeniedBefore));
}

#[tokio::test(start_paused = true)]
async fn two_programs_are_two_questions_and_a_yes_is_for_one() {
    let (_world, engine) = without_keys().await;
    let first = asks(&engine, unread(&admin(), "terraform", 42));
    let one = number(&engine).await;
    let second = asks(&engine, unread(&admin(), "aws", 43));
    let same = asks(&engine, unread(&admin(), "terraform", 44));
    until(&engine, |s| s.step_up.question.as_ref().is_some_and(|q| q.programs.len() == 2)).await;
    engine.ask(Request::StepUp(StepUpRequest::Allow { number: one })).await.unwrap();
    assert!(matches!(first.await.unwrap(), Ok(Reply::Credentials(_))));
    assert!(matches!(same.await.unwrap(), Ok(Reply::Credentials(_))));
    let two = until(&engine, |s| s.step_up.question.as_ref().is_some_and(|q| q.number != one)).await;
    assert_eq!(two.step_up.question.as_ref().unwrap().programs[0].name.as_deref(), Some("aws"));
    assert!(!second.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_terminal_asks_itself_and_a_touch_is_no_word() {
    let (_world, engine) = without_keys().await;
    let answer = engine.ask(hand_out(&admin(), "terraform", 42)).await;
    assert!(matches!(answer, Ok(Reply::Confirm(_))), "{answer:?}");
    let (world, engine) = known().await;
    let waits = asks(&engine, unread(&admin(), "terraform", 42));
    let number = asked(&engine).await;
    // Where a key is asked for, a word is nothing.
    engine.ask(Request::StepUp(StepUpRequest::Allow { number })).await.unwrap();
    assert!(touching(&now(&engine)) && !waits.is_finished());
    world.keys.touch();
    assert!(matches!(waits.await.unwrap(), Ok(Reply::Credentials(_))));
}

#[tokio::test(start_paused = true)]
async fn the_notification_denies_as_the_window_does() {
    let (_world, engine) = known().await;
    let waits = asks(&engine, hand_out(&admin(), "terraform", 42));
    let number = asked(&engine).await;
    let notice = Notice::TouchNeeded {
        by_word: false,
        grant: admin(),
        account_name: "payments-prod".into(),
        program: Some("terraform".into()),
        pid: 42,
        number,
        until: Timestamp::UNIX_EPOCH,
    };
    engine.ask(Request::Pressed { notice: notice.clone(), pressed: Pressed::Body }).await.unwrap();
    assert_eq!(now(&engine).step_up.question.as_ref().map(|q| q.raised), Some(1), "its window comes up");
    engine.ask(Request::Pressed { notice, pressed: Pressed::Deny }).await.unwrap();
    assert_eq!(waits.await.unwrap(), ended(Unanswered::Denied));
}

fn by(grant: &Grant, name: &str, path: &str, pid: u32) -> Request {
    let Request::HandOut { of, assume, may_sign_in, confirmed, .. } = hand_out(grant, name, pid) else {
        unreachable!()
    };
    let path = (!path.is_empty()).then(|| path.to_owned());
    let asker = Asker { program: Some(name.to_owned()), pid, path, by_window: true };
    Request::HandOut { of, assume, asker, may_sign_in, confirmed }
}

/// What runs scripts is another program with each, and what the system knows nothing of is allowed once.
#[tokio::test(start_paused = true)]
async fn a_yes_is_for_a_script_and_not_for_what_runs_scripts() {
    for (name, path, again) in [
        ("python3", "/usr/bin/python3.13", false),
        ("aws", "/usr/bin/python3.13", true),
        ("bash", "/usr/bin/bash", false),
        ("terraform", "/usr/local/bin/terraform", true),
        ("cron", "", false),
    ] {
        let (_world, engine) = without_keys().await;
        let first = asks(&engine, by(&admin(), name, path, 42));
        let it = number(&engine).await;
        engine.ask(Request::StepUp(StepUpRequest::Allow { number: it })).await.unwrap();
        assert!(matches!(first.await.unwrap(), Ok(Reply::Credentials(_))));
        let later = asks(&engine, by(&admin(), name, path, 43));
        pass(jiff::SignedDuration::from_secs(1)).await;
        assert_eq!(later.is_finished(), again, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_behind_what_was_denied_is_not_asked() {
    let (_world, engine) = without_keys().await;
    let first = asks(&engine, by(&admin(), "cron", "", 42));
    let it = number(&engine).await;
    let second = asks(&engine, by(&admin(), "cron", "", 43));
    pass(jiff::SignedDuration::from_secs(1)).await;
    engine.ask(Request::StepUp(StepUpRequest::Deny { number: it })).await.unwrap();
    assert_eq!(first.await.unwrap(), ended(Unanswered::Denied));
    assert_eq!(second.await.unwrap(), ended(Unanswered::DeniedBefore));
    assert!(quiet(&engine).await.step_up.question.is_none());
}

/// A word is no touch, also where the role was marked while the word was waited for.
#[tokio::test(start_paused = true)]
async fn a_role_that_was_marked_meanwhile_asks_for_its_touch() {
    let (world, engine) = known().await;
    let developer = role("9", "Developer");
    let waits = asks(&engine, unread(&developer, "terraform", 42));
    let it = number(&engine).await;
    let mark = StepUpRequest::Mark { grant: developer.clone(), on: true };
    assert_eq!(engine.ask(Request::StepUp(mark)).await, Ok(Reply::Done));
    engine.ask(Request::StepUp(StepUpRequest::Allow { number: it })).await.unwrap();
    touch(&world, &engine).await;
    assert!(matches!(waits.await.unwrap(), Ok(Reply::Credentials(_))));
}
