"""Questions over metrics: what is asked against what the events say."""
