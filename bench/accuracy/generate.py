'''New series for calibration: the noise of the benchmark's public series (steps taken out, resampled in
blocks) with new changes injected. Sets A and B have different sources; C is synthetic noise alone.

usage: generate.py ACCURACY_FOLDER OUT_FOLDER
'''
import json,random,math,sys,os
D=sys.argv[1]+'/'
OUT=sys.argv[2]+'/'
S={d['id']:d for d in map(json.loads,open(D+'series.jsonl',encoding='utf-8'))}
L=[json.loads(l) for l in open(D+'labels.jsonl')]
def med(v):
    v=sorted(v);n=len(v);return v[n//2] if n%2 else (v[n//2-1]+v[n//2])/2
pools=[];modal=[]
for l in L:
    if l['kind']!='semi' or l['family']=='drift': continue
    s=S[l['id']];y=[math.log(v) for v in s['value']];n=len(y)
    m=l.get('meta') or {}
    cuts=sorted([0,n]+[c['i'] for c in l['changes']]+([m['env_at']] if 'env_at' in m else []))
    r=[]
    for a,b in zip(cuts,cuts[1:]):
        if b>a:
            q=med(y[a:b]); r+=[v-q for v in y[a:b]]
    if l['family']=='variance': r=r[:m['i']]
    if 'spikes' in m: r=[v for i,v in enumerate(r) if i not in m['spikes']]
    key=m['pool']
    (modal if l['family']=='multimodal' else pools).append((key,l['id'],r,m.get('level',0)))
def half(key): 
    return sum(map(ord,key))%2
def synth(rng):
    k=rng.randrange(7);sig=10**rng.uniform(-3.3,-1.4)
    def one(n):
        if k==0: return [rng.gauss(0,sig) for _ in range(n)]
        if k==1: # t3
            return [sig*rng.gauss(0,1)/math.sqrt(rng.gammavariate(1.5,2)/3) for _ in range(n)]
        if k==2: # skew lognormal
            return [sig*(math.exp(rng.gauss(0,.8))-1) for _ in range(n)]
        if k==3: # AR1
            x=0;o=[];p=rng.uniform(.3,.8)
            for _ in range(n): x=p*x+rng.gauss(0,sig*math.sqrt(1-p*p));o.append(x)
            return o
        if k==4: # quantised
            q=sig*rng.uniform(.5,2);return [q*round(rng.gauss(0,sig)/q) for _ in range(n)]
        if k==5: # contaminated with bursts
            o=[];b=0
            for _ in range(n):
                if b>0: b=b-1 if rng.random()<.5 else 0
                elif rng.random()<.03: b=3
                o.append(rng.gauss(0,sig)+(abs(rng.gauss(0,8*sig)) if b else 0))
            return o
        if k==6: # heteroscedastic
            o=[];v=1
            for _ in range(n):
                if rng.random()<.03: v=math.exp(rng.gauss(0,.6))
                o.append(rng.gauss(0,sig*v))
            return o
    return one,sig
def make(part,seed,mult,nlen=300):
    rng=random.Random(seed);out=[];lab=[]
    def noise(pp,n):
        if part=='C':
            one,sig=synth(rng);return one(n),sig
        while True:
            key,_,r,lev=rng.choice(pp)
            if half(key)==part: break
        o=[]
        while len(o)<n:
            b=rng.randrange(10,41);a=rng.randrange(0,max(1,len(r)-b));o+=r[a:a+b]
        return o[:n],lev
    fams=[('step',18),('none',12),('revert',6),('outlier',6),('variance',4),('multimodal',6),('hardware',6),('counter',4),('early',8),('drift',4)]
    for f,c in fams:
        for _ in range(int(c*mult)):
            n=nlen; r,lev=noise(modal if f=='multimodal' and part!='C' and rng.random()<.5 else pools,n)
            if f=='counter':
                s=med([abs(v) for v in r]) or 1e-4; r=[v*(.0002/1.48)/s*1.0 for v in r]
            ch=[];meta={};env=['a']*n
            P=lambda a,b:rng.randrange(int(a*n),int(b*n))
            szs=[.02,.05,.10,.20]
            def add(i,rel,to=n):
                lg=math.log(1+rel)
                for j in range(i,to): r[j]+=lg
                ch.append([i,lg])
            if f=='step':
                s1=rng.choice(szs);s2=rng.choice(szs)
                add(P(.22,.45),rng.choice([s1,s1/(1+s1)*-1]));add(P(.6,.85),rng.choice([s2,-s2/(1+s2)]))
            if f=='early':
                r=r[:160];n=160;env=env[:160];i=rng.randrange(15,60)
                for _ in range(rng.randrange(1,4)):
                    if i>=n-12: break
                    s=math.exp(rng.gauss(-2.2,.9));add(i,s if rng.random()<.5 else -s/(1+s),n);i+=rng.randrange(10,60)
            if f=='counter':
                for a,b in((.22,.45),(.6,.85)):
                    add(P(a,b),rng.choice([-1,1])*rng.choice([.003,.005,.01]))
            if f=='revert':
                s=rng.choice([.05,.1,.2]);i=P(.3,.42);g=rng.choice([5,8,12,15,20,30]);add(i,s,i+g);ch.append([i+g,-math.log(1+s)])
                s=rng.choice([.05,.1,.2]);add(P(.65,.83),rng.choice([s,-s/(1+s)]))
            if f=='outlier':
                sg=rng.choice([1,1,1,-1])
                for j in sorted(rng.sample(range(70,n),5)): r[j]+=sg*math.log(1+rng.uniform(.15,1))
            if f=='variance':
                i=P(.4,.6);k=rng.uniform(2,4)
                for j in range(i,n): r[j]*=k
            if f=='multimodal':
                gap=rng.uniform(.04,.12);p=rng.uniform(.2,.5);st=rng.random()<.5;z=0
                for j in range(n):
                    if not st or rng.random()<.2: z=rng.random()<p
                    if z: r[j]+=gap
                if rng.random()<.4: add(P(.3,.6),rng.choice([.2,-1/6]))
            if f=='drift':
                a,b=P(.2,.35),P(.6,.95);tt=rng.choice([-1,1])*rng.uniform(.03,.15)
                for j in range(n): r[j]+=tt*min(1,max(0,(j-a)/(b-a)))
            if f=='hardware':
                e=P(.3,.4);sh=rng.choice([-1,1])*rng.uniform(.15,.4)
                for j in range(e,n): r[j]+=sh;env[j]='b'
                s=rng.choice([.05,.1]);add(P(.63,.82),rng.choice([s,-s/(1+s)]))
            d=rng.choice(['lower','lower','higher']);base=10**rng.uniform(-5,5)
            id=f'g{part}-{f}-{len(out)}'
            out.append(dict(id=id,direction=d,unit='s',n=n,online=True,commit=[str(j) for j in range(n)],time=list(range(n)),env=env,value=[base*math.exp(v) for v in r]))
            lab.append(dict(id=id,family=f,kind='semi',online=True,changes=[dict(i=i,direction='regression' if (g>0)==(d=='lower') else 'improvement',size=math.exp(abs(g))-1 if g>0 else 1-math.exp(-abs(g))) for i,g in sorted(ch)],ignore=[],meta={}))
    return out,lab
def text(out,path):
    with open(path,'w') as f:
        for s in out:
            es={}
            f.write(f"{s['id']} {s['n']} {0 if s['direction']=='lower' else 1} {1 if s.get('online',True) else 0}\n")
            f.write(' '.join(str(es.setdefault(e,len(es))) for e in s['env'])+'\n'+' '.join(repr(v) for v in s['value'])+'\n')
if __name__=='__main__':
    text([S[l['id']] for l in L],OUT+'pub.txt'); json.dump(L,open(OUT+'pub.lab','w'))
    for part,name,seed,mult,nl in((0,"A",1,4,300),(1,"B",2,4,300),("C","C",3,2,300),("C","D",4,1,600)):
        o,l=make(part,seed,mult,nl);text(o,OUT+name+'.txt');json.dump(l,open(OUT+name+'.lab','w'))
