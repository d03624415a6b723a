//! The crate `keys` against OpenSK and Nitrokey's, keys' firmware that others wrote.

/// Tests that each firmware is put through: what is below is called with the key's kind.
macro_rules! on_each {
    ($($test:ident)*) => {
        $(
            mod $test {
                #[tokio::test]
                async fn opensk() {
                    super::$test(vicc::Profile::Full).await;
                }

                #[tokio::test]
                async fn nitrokey() {
                    super::$test(vicc::Profile::Nitrokey).await;
                }
            }
        )*
    };
}

mod ceremonies;
mod desk;
mod ends;
mod fingerprints;
mod older;
mod passkeys;
mod pcsc;
mod pin;
mod reset;
mod settings;
mod step_up;
mod uhid;
