//! The stories, told with every call going wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use simulate::exhaustive::{Mode, STORIES, Site, Story, Troubles, pairs, singles, sites, tell};

/// The stories of which pairs are told.
const PAIRED: [&str; 3] = ["checkout", "cancel", "refund"];

/// Reads what is to go wrong.
pub fn trouble(text: &str) -> Result<(usize, Mode), String> {
    let (site, mode) =
        text.split_once(':').ok_or("must be the number of a call, a colon, and how it goes wrong")?;
    Ok((site.parse().map_err(|_| "must begin with the number of a call")?, mode.parse()?))
}

fn chosen(name: Option<&str>) -> impl Iterator<Item = &'static Story> {
    STORIES.iter().filter(move |story| name.is_none_or(|name| story.name == name))
}

/// One story, in which this goes wrong.
pub fn one(name: Option<&str>, troubles: &Troubles) -> bool {
    let mut good = true;
    for story in chosen(name) {
        let telling = tell(story, troubles);
        for (number, site) in telling.sites.iter().enumerate() {
            println!("{number:>4} {site}");
        }
        telling.violations.iter().for_each(|violation| println!("VIOLATION {violation}"));
        good &= telling.violations.is_empty();
    }
    good
}

/// Every story, with every call going wrong; or every pair of calls, of which one of so many is told.
pub fn all(name: Option<&str>, paired: Option<usize>, jobs: usize) -> bool {
    let (began, mut tellings, mut wrong) = (Instant::now(), 0, 0);
    let mut covered: BTreeSet<(Site, Mode)> = BTreeSet::new();
    for story in chosen(name).filter(|story| paired.is_none() || PAIRED.contains(&story.name)) {
        let sites = sites(story);
        let troubles: Vec<Troubles> = match paired {
            None => singles(sites.len()).collect(),
            Some(of) => pairs(sites.len()).step_by(of.max(1)).collect(),
        };
        covered.extend(troubles.iter().flatten().map(|(site, mode)| (sites[*site].clone(), *mode)));
        let failed = told(story, &troubles, jobs);
        println!(
            "{:28} {:>3} calls, {:>6} tellings, {} failed",
            story.name,
            sites.len(),
            troubles.len(),
            failed
        );
        tellings += troubles.len();
        wrong += failed;
    }
    let mut by_function: BTreeMap<&str, usize> = BTreeMap::new();
    for (site, _) in &covered {
        *by_function.entry(&site.caller).or_default() += 1;
    }
    println!("covered: {} kinds of calls, each in its ways, by function:", covered.len());
    for (function, count) in by_function {
        println!("  {function:24} {count:>5}");
    }
    println!("{tellings} tellings in {} s, {wrong} failed", began.elapsed().as_secs());
    wrong == 0
}

/// Tells a story in each of these ways. How many failed.
fn told(story: &'static Story, troubles: &[Troubles], jobs: usize) -> usize {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(0));
    let work = || {
        while let Some(trouble) = troubles.get(next.fetch_add(1, Ordering::Relaxed)) {
            let telling = tell(story, trouble);
            if let Some(violation) = telling.violations.first() {
                let written: Vec<_> =
                    trouble.iter().map(|(site, mode)| format!("{site}:{}", mode.as_str())).collect();
                println!("--story '{}' --trouble {}: {violation}", story.name, written.join(","));
                *failed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(work);
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}
