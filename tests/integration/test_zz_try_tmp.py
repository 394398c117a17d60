import os, time, json
from workers import runtime
from workers.jobs import triage_batch
from tests.factories.sentences import say, submission_of
from intake.models import *
from sqlalchemy import select
def test_try(wiring, town):
    runtime.use_wiring(wiring)
    codes=[town.longchi_code, town.ziwei_code, town.shiqiao_code]
    lines=[json.loads(l) for l in open('/work/main/intake/cli/demo_data/messages.jsonl')]
    n=0
    t=time.time()
    for rep in range(int(os.environ.get('REP','2'))):
        for l in lines:
            say(wiring, codes[hash(l['community'])%3], l['text']); n+=1
    print('say', n/(time.time()-t))
    t=time.time()
    import cProfile,pstats
    p=cProfile.Profile()
    if os.environ.get('PROF'): p.enable()
    triage_batch.run()
    if os.environ.get('PROF'):
        p.disable(); pstats.Stats(p).sort_stats('cumtime').print_stats(60)
    print('triage', n, n/(time.time()-t))
    with wiring.sessions() as s:
        print(s.scalars(select(Finding).limit(3)).first().content)
        for tt in s.scalars(select(Topic).order_by(Topic.suggested_count.desc()).limit(15)):
            print(tt.number,tt.title,tt.suggested_count,tt.state)
        print(s.scalars(select(Contributor.reasons).order_by(Contributor.id.desc()).limit(5)).all())
        from collections import Counter
        print(Counter(s.scalars(select(Submission.state)).all()), Counter(f.content['verdict'] for f in s.scalars(select(Finding))), Counter(s.scalars(select(Finding.model_version))))
