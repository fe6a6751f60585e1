// Applies the chosen theme before the first paint. A file of its own, since the content security
// policy allows no script inside the page.
try {
  const theme = JSON.parse(localStorage.getItem('busbar.theme'))
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Without storage the system's choice holds.
}
