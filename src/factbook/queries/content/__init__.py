"""What is watched, read and shared: records of content, what rises, what stands out, who watches and where they go."""
