//! The settings' one writer. Settings reach their file in the order in which they were set, so that the
//! last ones stay.

use crate::{
    engine::{Event, Message},
    model::settings::Settings,
    ports::SettingsFile,
    request::{Answer, Reply},
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The way to the saver's task.
#[derive(Clone)]
pub(crate) struct Saver(mpsc::UnboundedSender<(Settings, oneshot::Sender<Answer>)>);

impl Saver {
    /// Starts the task. It tells the loop when settings were saved.
    pub fn start(file: Arc<dyn SettingsFile>, tell: mpsc::UnboundedSender<Message>) -> Self {
        let (tx, mut rx) = mpsc::unbounded_channel::<(Settings, oneshot::Sender<Answer>)>();
        tokio::spawn(async move {
            while let Some((settings, answer)) = rx.recv().await {
                let saved = file.save(&settings).await;
                if saved.is_ok() {
                    // Nobody listens only while the program ends.
                    let _ = tell.send(Message::Event(Event::SettingsSaved));
                }
                let _ = answer.send(saved.map(|()| Reply::Done));
            }
        });
        Self(tx)
    }

    /// Saves in its turn; whoever asked is answered after it.
    pub fn save(&self, settings: Settings, answer: oneshot::Sender<Answer>) {
        // As above.
        let _ = self.0.send((settings, answer));
    }
}
