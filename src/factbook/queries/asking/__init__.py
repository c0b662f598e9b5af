"""One request over metrics, from the question to the answer: request → rules → source → statement → answer."""
