"""Who is there: persons, their codes and rights, who is on call, and which chats hear of what."""
