// Placeholder until the first declaration lands.
