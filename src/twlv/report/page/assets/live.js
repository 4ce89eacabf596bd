// A page that `twlv report --serve` gives asks every two seconds whether results have come, and loads itself anew.

function watch() {
  if (!document.body.hasAttribute('data-live')) return;
  const note = el('p', { class: 'live', role: 'status' }, 'live: shows results as they come');
  document.getElementById('summary').after(note);
  const known = document.body.dataset.live;
  async function ask() {
    try {
      const answer = await fetch('version', { cache: 'no-store' });
      const state = await answer.json();
      if (state.version !== known) location.reload();
      note.textContent = 'live: shows results as they come';
    } catch {
      note.textContent = 'live: the server does not answer; this is the last state';
    }
    setTimeout(ask, 2000);
  }
  keepFilters();
  ask();
}

// What was typed and ticked outlives a reload.
function keepFilters() {
  window.addEventListener('pagehide', () => sessionStorage.setItem('filters', JSON.stringify(filters)));
}

function oldFilters() {
  if (!document.body.hasAttribute('data-live')) return;
  try {
    Object.assign(filters, JSON.parse(sessionStorage.getItem('filters') || '{}'));
  } catch {
    sessionStorage.removeItem('filters');
  }
}
