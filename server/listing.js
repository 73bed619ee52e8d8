'use strict';
// The page does without this. It puts into the commands the address at which the page was really found, which a proxy
// may have given it, copies them, and lets a slash lead to the filter.
for (const span of document.querySelectorAll('[data-at]')) {
  const url = new URL(span.dataset.at, location.origin + location.pathname).href
    .replace(/[^A-Za-z0-9\-._~:\/%\[\]]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'));
  span.textContent = /[\[\]~]/.test(url) ? "'" + url + "'" : url; // all that a shell could still take for its own
}
for (const button of document.querySelectorAll('button.copy')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const code = button.previousElementSibling;
    getSelection().selectAllChildren(code);
    let copied;
    try {
      await navigator.clipboard.writeText(code.textContent);
      copied = true;
    } catch { // without TLS there is no such thing as a clipboard
      copied = document.execCommand('copy');
    }
    document.querySelector('[role=status]').textContent = copied ? 'Copied' : '';
    button.textContent = copied ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
}
document.addEventListener('keydown', event => {
  const filter = document.querySelector('[type=search]');
  if (event.key === '/' && filter && event.target !== filter && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    filter.select();
  }
});
