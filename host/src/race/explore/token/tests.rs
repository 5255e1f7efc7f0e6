use super::super::rng::Rng;
use super::*;

fn random_token(rng: &mut Rng) -> Token {
    let mut turns = Vec::new();
    for _ in 0..rng.below(12) {
        let thread =
            ThreadId(if rng.below(9) == 0 { rng.next() as u32 } else { rng.below(4) as u32 });
        let turn = Turn { thread, times_out: rng.below(5) == 0 };
        turns.resize(turns.len() + 1 + rng.below(300), turn);
    }
    let discipline = ["", "steps", "gil", "ä-long.name with spaces"][rng.below(4)].to_owned();
    Token { discipline, seed: rng.next(), fingerprint: rng.next() >> rng.below(64), turns }
}

#[test]
fn what_was_written_is_read() {
    let mut rng = Rng::new(7);
    for _ in 0..2_000 {
        let token = random_token(&mut rng);
        let text = token.encode();
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
        assert_eq!(Token::decode(&format!(" {text}\n")), Ok(token));
    }
}

#[test]
fn a_changed_or_lost_or_added_character_is_noticed() {
    let mut rng = Rng::new(8);
    for _ in 0..50 {
        let text = random_token(&mut rng).encode();
        let body = text.find('.').unwrap() + 1;
        for at in body..text.len() {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(Token::decode(&changed), Err(TokenError::Damaged), "{text} {changed}");
            assert_eq!(Token::decode(&text[..at]), Err(TokenError::Damaged), "{text} {at}");
        }
        for added in ["A", "AA", "=", " A", "é"] {
            assert_eq!(Token::decode(&format!("{text}{added}")), Err(TokenError::Damaged));
        }
    }
}

#[test]
fn another_version_and_another_text_are_told_from_damage() {
    let token = random_token(&mut Rng::new(9)).encode();
    let newer = token.replacen('1', "2", 1);
    let error = Token::decode(&newer).unwrap_err();
    assert_eq!(error.to_string(), "this token is of version 2, this togil reads 1");
    for text in ["", "race", "race.", "raceX.AAAA", "hello", "1.AAAA"] {
        assert_eq!(Token::decode(text), Err(TokenError::NotAToken), "{text}");
    }
    assert_eq!(Token::decode("race1."), Err(TokenError::Damaged));
}

#[test]
fn a_token_that_would_fill_the_memory_is_refused() {
    let mut bytes = vec![0; 17];
    put(&mut bytes, 2);
    put(&mut bytes, u64::MAX);
    bytes.extend(check(&bytes).to_le_bytes());
    let error = Token::decode(&format!("race1.{}", to_base64(&bytes))).unwrap_err();
    assert_eq!(error, TokenError::TooLong);
}

#[test]
fn a_run_of_turns_takes_few_characters() {
    let turn = |thread| Turn { thread: ThreadId(thread), times_out: false };
    let turns = [vec![turn(0); 100], vec![turn(1); 100]].concat();
    let token = Token { discipline: "gil".to_owned(), seed: 1, fingerprint: 2, turns };
    assert!(token.encode().len() < 48);
}
