//! The reports against OpenSK's own HID layer, and against a device that does what a test says.

use std::{collections::VecDeque, sync::mpsc, thread, time::Duration};

use async_trait::async_trait;
use opensk::{Ctap, Transport as Endpoint, env::test::TestEnv};
use tokio_util::sync::CancellationToken;

use super::frames::{Channel, REPORT, Reports, not_opened};
use crate::{
    Ask, Error, Feature, Midway, Progress, Ui, User,
    bus::{Broken, Wire},
    ctap::Fail,
};

/// OpenSK at the other end of a cable.
struct OpenSk {
    to: mpsc::Sender<[u8; REPORT]>,
    from: mpsc::Receiver<[u8; REPORT]>,
}

fn opensk() -> OpenSk {
    let (to, sent) = mpsc::channel::<[u8; REPORT]>();
    let (answer, from) = mpsc::channel();
    thread::spawn(move || {
        let mut key = Ctap::<TestEnv>::new(TestEnv::default());
        for report in sent {
            for report in key.process_hid_packet(&report, Endpoint::MainHid) {
                let _ = answer.send(report);
            }
        }
    });
    OpenSk { to, from }
}

#[async_trait]
impl Reports for OpenSk {
    async fn write(&mut self, report: &[u8; REPORT]) -> Result<(), Broken> {
        self.to.send(*report).map_err(|_| Broken::Gone)
    }

    async fn read(&mut self) -> Result<Option<[u8; REPORT]>, Broken> {
        match self.from.recv_timeout(Duration::from_millis(100)) {
            Ok(report) => Ok(Some(report)),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Broken::Gone),
        }
    }

    async fn reopen(&mut self) -> Result<(), Broken> {
        Ok(())
    }
}

/// Answers as it was told to, and keeps what it was sent.
#[derive(Default)]
struct Script {
    answers: VecDeque<Option<[u8; REPORT]>>,
    sent: Vec<[u8; REPORT]>,
    /// Cancels this when the answers come to an end.
    at_the_end: Option<CancellationToken>,
    after_cancel: VecDeque<Option<[u8; REPORT]>>,
}

#[async_trait]
impl Reports for &mut Script {
    async fn write(&mut self, report: &[u8; REPORT]) -> Result<(), Broken> {
        self.sent.push(*report);
        if report[4] == 0x91 {
            self.answers = std::mem::take(&mut self.after_cancel);
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<Option<[u8; REPORT]>, Broken> {
        match (self.answers.pop_front(), &self.at_the_end) {
            (Some(answer), _) => Ok(answer),
            (None, Some(cancel)) => {
                cancel.cancel();
                Ok(None)
            }
            (None, None) => Err(Broken::Gone),
        }
    }

    async fn reopen(&mut self) -> Result<(), Broken> {
        Ok(())
    }
}

const NONCE: [u8; 8] = *b"ours....";

fn nonce() -> [u8; 8] {
    NONCE
}
const ID: [u8; 4] = [9, 8, 7, 6];

fn report(channel: [u8; 4], command: u8, data: &[u8]) -> Option<[u8; REPORT]> {
    let mut report = [0; REPORT];
    report[..4].copy_from_slice(&channel);
    report[4] = command | 0x80;
    report[6] = u8::try_from(data.len()).unwrap_or(0);
    report[7..7 + data.len()].copy_from_slice(data);
    Some(report)
}

fn welcome(nonce: [u8; 8], id: [u8; 4], capabilities: u8) -> Option<[u8; REPORT]> {
    report([0xff; 4], 0x06, &[&nonce[..], &id[..], &[2, 1, 0, 0, capabilities]].concat())
}

fn ui() -> (Ui, tokio::sync::mpsc::UnboundedReceiver<Progress>) {
    let (ask, progress) = Ask::new(CancellationToken::new());
    (Ui::new(ask.cancel, ask.progress, false), progress)
}

#[tokio::test]
async fn opensk_answers_over_reports() {
    let mut channel = Channel::open(opensk(), nonce).await.expect("a channel");
    let info = channel.transmit(&[0x04], &ui().0).await.expect("authenticatorGetInfo");
    assert!(info.len() > 2 * REPORT, "an answer of several reports: {} bytes", info.len());
    let read = serde_cbor_2::from_slice::<serde_cbor_2::Value>(&info);
    assert!(matches!(read, Ok(serde_cbor_2::Value::Map(_))), "{read:?}");
    // A message of several reports, which OpenSK puts together and finds no CBOR in.
    let refused = channel.transmit(&[&[0x01][..], &[0xff; 500]].concat(), &ui().0).await;
    assert_eq!(refused, Err(Broken::Status(0x12)));
    channel.transmit(&[0x0b], &ui().0).await.expect("authenticatorSelection");
    channel.refresh().await.expect("another channel");
    channel.transmit(&[0x04], &ui().0).await.expect("authenticatorGetInfo");
}

#[tokio::test]
async fn answers_to_others_are_not_ours() {
    let mut script = Script::default();
    script.answers.extend([
        welcome(*b"another.", [1, 1, 1, 1], 0x04),
        None,
        welcome(NONCE, ID, 0x05),
        report([1, 1, 1, 1], 0x10, &[0, 0xaa]),
        report(ID, 0x3b, &[1]),
        report(ID, 0x3b, &[2]),
        report(ID, 0x3b, &[2]),
        report(ID, 0x10, &[0, 0xa0]),
    ]);
    let (ui, mut progress) = ui();
    let mut channel = Channel::open(&mut script, nonce).await.expect("a channel");
    assert_eq!(channel.transmit(&[0x04], &ui).await, Ok(vec![0xa0]));
    assert_eq!(progress.recv().await, Some(Progress::Working));
    assert_eq!(progress.recv().await, Some(Progress::TouchNeeded));
    assert!(progress.try_recv().is_err(), "told once");
    assert_eq!(script.sent[1][..8], [9, 8, 7, 6, 0x90, 0, 1, 0x04]);
}

#[tokio::test]
async fn a_key_of_u2f_says_so_at_once() {
    let mut script = Script::default();
    script.answers.push_back(welcome(NONCE, ID, 0x01));
    assert_eq!(Channel::open(&mut script, nonce).await.err(), Some(Broken::NotCtap2));
}

#[tokio::test]
async fn cancelling_is_told_to_the_key_whose_answer_counts() {
    let mut script = Script::default();
    script.answers.extend([welcome(NONCE, ID, 0x04), report(ID, 0x3b, &[2])]);
    script.after_cancel.extend([report(ID, 0x3b, &[2]), report(ID, 0x10, &[0x2d])]);
    let (ui, _progress) = ui();
    script.at_the_end = Some(ui.cancel.clone());
    let mut channel = Channel::open(&mut script, nonce).await.expect("a channel");
    assert_eq!(channel.transmit(&[0x0b], &ui).await, Err(Broken::Status(0x2d)));
    assert_eq!(script.sent.last().map(|report| report[4]), Some(0x91));
}

#[tokio::test]
async fn a_key_that_goes_away_is_gone() {
    let mut script = Script::default();
    script.answers.push_back(welcome(NONCE, ID, 0x04));
    let mut channel = Channel::open(&mut script, nonce).await.expect("a channel");
    assert_eq!(channel.transmit(&[0x04], &ui().0).await, Err(Broken::Gone));
}

#[tokio::test]
async fn a_key_that_talks_to_another_program_is_busy() {
    let error = |channel, code| report(channel, 0x3f, &[code]);
    let busy = Error::Busy(User::AnotherProgram);
    // While it is opened, while it is asked, and when it is opened anew.
    let mut script = Script::default();
    script.answers.push_back(error([0xff; 4], 0x06));
    assert_eq!(Channel::open(&mut script, nonce).await.map(drop).map_err(not_opened), Err(busy.clone()));
    let mut script = Script::default();
    script.answers.extend([welcome(NONCE, ID, 0x04), error(ID, 0x06), error([0xff; 4], 0x06)]);
    let mut channel = Channel::open(&mut script, nonce).await.expect("a channel");
    let asked = channel.transmit(&[0x04], &ui().0).await;
    assert_eq!(asked, Err(Broken::Status(0x06)));
    let said = Fail::Status(0x06_u8.into()).explain(Feature::Other, Midway::NothingChanged);
    assert_eq!(said, busy);
    assert_eq!(channel.refresh().await, Err(busy));
}
